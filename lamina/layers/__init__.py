"""Layers, as in `keras.layers`."""

from lamina.core.serialization import register_builtin
from lamina.layers.convolutional.conv1d import Conv1D
from lamina.layers.convolutional.conv2d import Conv2D
from lamina.layers.convolutional.conv3d import Conv3D
from lamina.layers.core.activation import Activation
from lamina.layers.core.dense import Dense
from lamina.layers.core.embedding import Embedding
from lamina.layers.core.input_layer import Input, InputLayer
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.layers.normalization.batch_normalization import BatchNormalization
from lamina.layers.pooling.average_pooling1d import AveragePooling1D
from lamina.layers.pooling.average_pooling2d import AveragePooling2D
from lamina.layers.pooling.average_pooling3d import AveragePooling3D
from lamina.layers.pooling.global_average_pooling1d import GlobalAveragePooling1D
from lamina.layers.pooling.global_average_pooling2d import GlobalAveragePooling2D
from lamina.layers.pooling.global_average_pooling3d import GlobalAveragePooling3D
from lamina.layers.pooling.global_max_pooling1d import GlobalMaxPooling1D
from lamina.layers.pooling.global_max_pooling2d import GlobalMaxPooling2D
from lamina.layers.pooling.global_max_pooling3d import GlobalMaxPooling3D
from lamina.layers.pooling.max_pooling1d import MaxPooling1D
from lamina.layers.pooling.max_pooling2d import MaxPooling2D
from lamina.layers.pooling.max_pooling3d import MaxPooling3D
from lamina.layers.preprocessing.normalization import Normalization
from lamina.layers.regularization.dropout import Dropout
from lamina.layers.reshaping.flatten import Flatten
from lamina.layers.rnn.gru import GRU
from lamina.layers.rnn.gru_cell import GRUCell
from lamina.layers.rnn.lstm import LSTM
from lamina.layers.rnn.lstm_cell import LSTMCell
from lamina.layers.rnn.rnn import RNN
from lamina.layers.rnn.simple_rnn import SimpleRNN
from lamina.layers.rnn.simple_rnn_cell import SimpleRNNCell
from lamina.layers.rnn.stacked_rnn_cells import StackedRNNCells
from lamina.layers.serialization import deserialize, serialize

# Further names that Keras has for the same classes.
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
Convolution1D = Conv1D
Convolution2D = Conv2D
Convolution3D = Conv3D
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D

__all__ = [
    "Activation",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "BatchNormalization",
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "Convolution1D",
    "Convolution2D",
    "Convolution3D",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRU",
    "GRUCell",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalAvgPool3D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPool3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "Input",
    "InputLayer",
    "InputSpec",
    "LSTM",
    "LSTMCell",
    "Layer",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "Normalization",
    "RNN",
    "SimpleRNN",
    "SimpleRNNCell",
    "StackedRNNCells",
    "deserialize",
    "serialize",
]

# The names that files know, canonical ones first.
register_builtin(
    "keras.layers",
    {
        "Activation": Activation,
        "AveragePooling1D": AveragePooling1D,
        "AveragePooling2D": AveragePooling2D,
        "AveragePooling3D": AveragePooling3D,
        "BatchNormalization": BatchNormalization,
        "Conv1D": Conv1D,
        "Conv2D": Conv2D,
        "Conv3D": Conv3D,
        "Dense": Dense,
        "Dropout": Dropout,
        "Embedding": Embedding,
        "Flatten": Flatten,
        "GRU": GRU,
        "GRUCell": GRUCell,
        "GlobalAveragePooling1D": GlobalAveragePooling1D,
        "GlobalAveragePooling2D": GlobalAveragePooling2D,
        "GlobalAveragePooling3D": GlobalAveragePooling3D,
        "GlobalMaxPooling1D": GlobalMaxPooling1D,
        "GlobalMaxPooling2D": GlobalMaxPooling2D,
        "GlobalMaxPooling3D": GlobalMaxPooling3D,
        "InputLayer": InputLayer,
        "InputSpec": InputSpec,
        "LSTM": LSTM,
        "LSTMCell": LSTMCell,
        "Layer": Layer,
        "MaxPooling1D": MaxPooling1D,
        "MaxPooling2D": MaxPooling2D,
        "MaxPooling3D": MaxPooling3D,
        "Normalization": Normalization,
        "RNN": RNN,
        "SimpleRNN": SimpleRNN,
        "SimpleRNNCell": SimpleRNNCell,
        "StackedRNNCells": StackedRNNCells,
        "AvgPool1D": AveragePooling1D,
        "AvgPool2D": AveragePooling2D,
        "AvgPool3D": AveragePooling3D,
        "Convolution1D": Conv1D,
        "Convolution2D": Conv2D,
        "Convolution3D": Conv3D,
        "GlobalAvgPool1D": GlobalAveragePooling1D,
        "GlobalAvgPool2D": GlobalAveragePooling2D,
        "GlobalAvgPool3D": GlobalAveragePooling3D,
        "GlobalMaxPool1D": GlobalMaxPooling1D,
        "GlobalMaxPool2D": GlobalMaxPooling2D,
        "GlobalMaxPool3D": GlobalMaxPooling3D,
        "MaxPool1D": MaxPooling1D,
        "MaxPool2D": MaxPooling2D,
        "MaxPool3D": MaxPooling3D,
    },
)
