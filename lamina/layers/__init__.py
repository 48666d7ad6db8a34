"""Layers, as in `keras.layers`."""

from lamina.core.serialization import register_builtin
from lamina.layers.activations.elu import ELU
from lamina.layers.activations.leaky_relu import LeakyReLU
from lamina.layers.activations.prelu import PReLU
from lamina.layers.activations.relu import ReLU
from lamina.layers.activations.softmax import Softmax
from lamina.layers.attention.additive_attention import AdditiveAttention
from lamina.layers.attention.attention import Attention
from lamina.layers.attention.grouped_query_attention import GroupQueryAttention
from lamina.layers.attention.multi_head_attention import MultiHeadAttention
from lamina.layers.convolutional.conv1d import Conv1D
from lamina.layers.convolutional.conv1d_transpose import Conv1DTranspose
from lamina.layers.convolutional.conv2d import Conv2D
from lamina.layers.convolutional.conv2d_transpose import Conv2DTranspose
from lamina.layers.convolutional.conv3d import Conv3D
from lamina.layers.convolutional.conv3d_transpose import Conv3DTranspose
from lamina.layers.convolutional.depthwise_conv1d import DepthwiseConv1D
from lamina.layers.convolutional.depthwise_conv2d import DepthwiseConv2D
from lamina.layers.convolutional.separable_conv1d import SeparableConv1D
from lamina.layers.convolutional.separable_conv2d import SeparableConv2D
from lamina.layers.core.activation import Activation
from lamina.layers.core.dense import Dense
from lamina.layers.core.einsum_dense import EinsumDense
from lamina.layers.core.embedding import Embedding
from lamina.layers.core.identity import Identity
from lamina.layers.core.input_layer import Input, InputLayer
from lamina.layers.core.lambda_layer import Lambda
from lamina.layers.core.masking import Masking
from lamina.layers.core.reversible_embedding import ReversibleEmbedding
from lamina.layers.core.wrapper import Wrapper
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.layers.merging.add import Add, add
from lamina.layers.merging.average import Average, average
from lamina.layers.merging.concatenate import Concatenate, concatenate
from lamina.layers.merging.dot import Dot, dot
from lamina.layers.merging.maximum import Maximum, maximum
from lamina.layers.merging.minimum import Minimum, minimum
from lamina.layers.merging.multiply import Multiply, multiply
from lamina.layers.merging.subtract import Subtract, subtract
from lamina.layers.normalization.batch_normalization import BatchNormalization
from lamina.layers.normalization.group_normalization import GroupNormalization
from lamina.layers.normalization.layer_normalization import LayerNormalization
from lamina.layers.normalization.rms_normalization import RMSNormalization
from lamina.layers.normalization.spectral_normalization import SpectralNormalization
from lamina.layers.normalization.unit_normalization import UnitNormalization
from lamina.layers.pooling.adaptive_average_pooling1d import AdaptiveAveragePooling1D
from lamina.layers.pooling.adaptive_average_pooling2d import AdaptiveAveragePooling2D
from lamina.layers.pooling.adaptive_average_pooling3d import AdaptiveAveragePooling3D
from lamina.layers.pooling.adaptive_max_pooling1d import AdaptiveMaxPooling1D
from lamina.layers.pooling.adaptive_max_pooling2d import AdaptiveMaxPooling2D
from lamina.layers.pooling.adaptive_max_pooling3d import AdaptiveMaxPooling3D
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
from lamina.layers.preprocessing.category_encoding import CategoryEncoding
from lamina.layers.preprocessing.normalization import Normalization
from lamina.layers.preprocessing.rescaling import Rescaling
from lamina.layers.regularization.activity_regularization import ActivityRegularization
from lamina.layers.regularization.alpha_dropout import AlphaDropout
from lamina.layers.regularization.dropout import Dropout
from lamina.layers.regularization.gaussian_dropout import GaussianDropout
from lamina.layers.regularization.gaussian_noise import GaussianNoise
from lamina.layers.regularization.spatial_dropout1d import SpatialDropout1D
from lamina.layers.regularization.spatial_dropout2d import SpatialDropout2D
from lamina.layers.regularization.spatial_dropout3d import SpatialDropout3D
from lamina.layers.reshaping.cropping1d import Cropping1D
from lamina.layers.reshaping.cropping2d import Cropping2D
from lamina.layers.reshaping.cropping3d import Cropping3D
from lamina.layers.reshaping.flatten import Flatten
from lamina.layers.reshaping.permute import Permute
from lamina.layers.reshaping.repeat_vector import RepeatVector
from lamina.layers.reshaping.reshape import Reshape
from lamina.layers.reshaping.up_sampling1d import UpSampling1D
from lamina.layers.reshaping.up_sampling2d import UpSampling2D
from lamina.layers.reshaping.up_sampling3d import UpSampling3D
from lamina.layers.reshaping.zero_padding1d import ZeroPadding1D
from lamina.layers.reshaping.zero_padding2d import ZeroPadding2D
from lamina.layers.reshaping.zero_padding3d import ZeroPadding3D
from lamina.layers.rnn.bidirectional import Bidirectional
from lamina.layers.rnn.conv_lstm1d import ConvLSTM1D
from lamina.layers.rnn.conv_lstm2d import ConvLSTM2D
from lamina.layers.rnn.conv_lstm3d import ConvLSTM3D
from lamina.layers.rnn.gru import GRU
from lamina.layers.rnn.gru_cell import GRUCell
from lamina.layers.rnn.lstm import LSTM
from lamina.layers.rnn.lstm_cell import LSTMCell
from lamina.layers.rnn.rnn import RNN
from lamina.layers.rnn.simple_rnn import SimpleRNN
from lamina.layers.rnn.simple_rnn_cell import SimpleRNNCell
from lamina.layers.rnn.stacked_rnn_cells import StackedRNNCells
from lamina.layers.rnn.time_distributed import TimeDistributed
from lamina.layers.serialization import deserialize, serialize

# Further names that Keras has for the same classes.
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
Convolution1D = Conv1D
Convolution1DTranspose = Conv1DTranspose
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
Convolution3D = Conv3D
Convolution3DTranspose = Conv3DTranspose
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D

__all__ = [
    "Activation",
    "ActivityRegularization",
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
    "Add",
    "AdditiveAttention",
    "AlphaDropout",
    "Attention",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "BatchNormalization",
    "Bidirectional",
    "CategoryEncoding",
    "Concatenate",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "Convolution1D",
    "Convolution1DTranspose",
    "Convolution2D",
    "Convolution2DTranspose",
    "Convolution3D",
    "Convolution3DTranspose",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "Dense",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "Dot",
    "Dropout",
    "ELU",
    "EinsumDense",
    "Embedding",
    "Flatten",
    "GRU",
    "GRUCell",
    "GaussianDropout",
    "GaussianNoise",
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
    "GroupNormalization",
    "GroupQueryAttention",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "LSTM",
    "LSTMCell",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Masking",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "Maximum",
    "Minimum",
    "MultiHeadAttention",
    "Multiply",
    "Normalization",
    "PReLU",
    "Permute",
    "RMSNormalization",
    "RNN",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "ReversibleEmbedding",
    "SeparableConv1D",
    "SeparableConv2D",
    "SeparableConvolution1D",
    "SeparableConvolution2D",
    "SimpleRNN",
    "SimpleRNNCell",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "SpectralNormalization",
    "StackedRNNCells",
    "Subtract",
    "TimeDistributed",
    "UnitNormalization",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "Wrapper",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]

# The names that files know, canonical ones first.
register_builtin(
    "keras.layers",
    {
        "Activation": Activation,
        "ActivityRegularization": ActivityRegularization,
        "AdaptiveAveragePooling1D": AdaptiveAveragePooling1D,
        "AdaptiveAveragePooling2D": AdaptiveAveragePooling2D,
        "AdaptiveAveragePooling3D": AdaptiveAveragePooling3D,
        "AdaptiveMaxPooling1D": AdaptiveMaxPooling1D,
        "AdaptiveMaxPooling2D": AdaptiveMaxPooling2D,
        "AdaptiveMaxPooling3D": AdaptiveMaxPooling3D,
        "Add": Add,
        "AdditiveAttention": AdditiveAttention,
        "AlphaDropout": AlphaDropout,
        "Attention": Attention,
        "Average": Average,
        "AveragePooling1D": AveragePooling1D,
        "AveragePooling2D": AveragePooling2D,
        "AveragePooling3D": AveragePooling3D,
        "BatchNormalization": BatchNormalization,
        "Bidirectional": Bidirectional,
        "CategoryEncoding": CategoryEncoding,
        "Concatenate": Concatenate,
        "Conv1D": Conv1D,
        "Conv1DTranspose": Conv1DTranspose,
        "Conv2D": Conv2D,
        "Conv2DTranspose": Conv2DTranspose,
        "Conv3D": Conv3D,
        "Conv3DTranspose": Conv3DTranspose,
        "ConvLSTM1D": ConvLSTM1D,
        "ConvLSTM2D": ConvLSTM2D,
        "ConvLSTM3D": ConvLSTM3D,
        "Cropping1D": Cropping1D,
        "Cropping2D": Cropping2D,
        "Cropping3D": Cropping3D,
        "Dense": Dense,
        "DepthwiseConv1D": DepthwiseConv1D,
        "DepthwiseConv2D": DepthwiseConv2D,
        "Dot": Dot,
        "Dropout": Dropout,
        "ELU": ELU,
        "EinsumDense": EinsumDense,
        "Embedding": Embedding,
        "Flatten": Flatten,
        "GRU": GRU,
        "GRUCell": GRUCell,
        "GaussianDropout": GaussianDropout,
        "GaussianNoise": GaussianNoise,
        "GlobalAveragePooling1D": GlobalAveragePooling1D,
        "GlobalAveragePooling2D": GlobalAveragePooling2D,
        "GlobalAveragePooling3D": GlobalAveragePooling3D,
        "GlobalMaxPooling1D": GlobalMaxPooling1D,
        "GlobalMaxPooling2D": GlobalMaxPooling2D,
        "GlobalMaxPooling3D": GlobalMaxPooling3D,
        "GroupNormalization": GroupNormalization,
        "GroupQueryAttention": GroupQueryAttention,
        "Identity": Identity,
        "InputLayer": InputLayer,
        "InputSpec": InputSpec,
        "LSTM": LSTM,
        "LSTMCell": LSTMCell,
        "Lambda": Lambda,
        "Layer": Layer,
        "LayerNormalization": LayerNormalization,
        "LeakyReLU": LeakyReLU,
        "Masking": Masking,
        "MaxPooling1D": MaxPooling1D,
        "MaxPooling2D": MaxPooling2D,
        "MaxPooling3D": MaxPooling3D,
        "Maximum": Maximum,
        "Minimum": Minimum,
        "MultiHeadAttention": MultiHeadAttention,
        "Multiply": Multiply,
        "Normalization": Normalization,
        "PReLU": PReLU,
        "Permute": Permute,
        "RMSNormalization": RMSNormalization,
        "RNN": RNN,
        "ReLU": ReLU,
        "RepeatVector": RepeatVector,
        "Rescaling": Rescaling,
        "Reshape": Reshape,
        "ReversibleEmbedding": ReversibleEmbedding,
        "SeparableConv1D": SeparableConv1D,
        "SeparableConv2D": SeparableConv2D,
        "SimpleRNN": SimpleRNN,
        "SimpleRNNCell": SimpleRNNCell,
        "Softmax": Softmax,
        "SpatialDropout1D": SpatialDropout1D,
        "SpatialDropout2D": SpatialDropout2D,
        "SpatialDropout3D": SpatialDropout3D,
        "SpectralNormalization": SpectralNormalization,
        "StackedRNNCells": StackedRNNCells,
        "Subtract": Subtract,
        "TimeDistributed": TimeDistributed,
        "UnitNormalization": UnitNormalization,
        "UpSampling1D": UpSampling1D,
        "UpSampling2D": UpSampling2D,
        "UpSampling3D": UpSampling3D,
        "Wrapper": Wrapper,
        "ZeroPadding1D": ZeroPadding1D,
        "ZeroPadding2D": ZeroPadding2D,
        "ZeroPadding3D": ZeroPadding3D,
        "AvgPool1D": AveragePooling1D,
        "AvgPool2D": AveragePooling2D,
        "AvgPool3D": AveragePooling3D,
        "Convolution1D": Conv1D,
        "Convolution1DTranspose": Conv1DTranspose,
        "Convolution2D": Conv2D,
        "Convolution2DTranspose": Conv2DTranspose,
        "Convolution3D": Conv3D,
        "Convolution3DTranspose": Conv3DTranspose,
        "GlobalAvgPool1D": GlobalAveragePooling1D,
        "GlobalAvgPool2D": GlobalAveragePooling2D,
        "GlobalAvgPool3D": GlobalAveragePooling3D,
        "GlobalMaxPool1D": GlobalMaxPooling1D,
        "GlobalMaxPool2D": GlobalMaxPooling2D,
        "GlobalMaxPool3D": GlobalMaxPooling3D,
        "MaxPool1D": MaxPooling1D,
        "MaxPool2D": MaxPooling2D,
        "MaxPool3D": MaxPooling3D,
        "SeparableConvolution1D": SeparableConv1D,
        "SeparableConvolution2D": SeparableConv2D,
    },
)
