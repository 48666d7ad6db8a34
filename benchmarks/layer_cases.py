"""Layers at sizes like a real use, in the Keras API and, where it has them, in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Case(NamedTuple):
    """A layer at a size like a real use.

    Attributes:
        shape: of a batch, channels last.
        make: from the module of layers, lamina's or Keras's, to the layer.
        torch: from `torch.nn` to the module; None where PyTorch has none.
        channels_first: whether PyTorch's input has its channels behind the batch.
        classes: whole numbers below this are the inputs; 0 for floats.
    """

    shape: tuple[int, ...]
    make: Callable[[Any], Any]
    torch: Callable[[Any], Any] | None = None
    channels_first: bool = False
    classes: int = 0


ROWS, WIDE = (128, 512), (64, 4096)
SEQUENCE, IMAGE, VOLUME, LINE = (32, 64, 64), (32, 28, 28, 32), (4, 12, 12, 12, 16), (32, 256, 32)
TEXT = (8, 128, 256)


def image(make: Callable[[Any], Any], torch: Callable[[Any], Any] | None, shape: tuple[int, ...] = IMAGE) -> Case:
    return Case(shape, make, torch, channels_first=True)


CASES = {
    "Dense": Case(ROWS, lambda k: k.Dense(512, "relu"), lambda t: t.Sequential(t.Linear(512, 512), t.ReLU())),
    "EinsumDense": Case(
        TEXT, lambda k: k.EinsumDense("abc,cd->abd", (None, 256), bias_axes="d"), lambda t: t.Linear(256, 256)
    ),
    "Embedding": Case((32, 128), lambda k: k.Embedding(20000, 64), lambda t: t.Embedding(20000, 64), classes=20000),
    "Conv1D": image(lambda k: k.Conv1D(64, 5), lambda t: t.Conv1d(32, 64, 5), LINE),
    "ReversibleEmbedding": Case(
        (32, 128), lambda k: k.ReversibleEmbedding(20000, 64), lambda t: t.Embedding(20000, 64), classes=20000
    ),
    "Masking": Case(SEQUENCE, lambda k: k.Masking()),
    "Lambda": Case(WIDE, lambda k: k.Lambda(lambda x: x * x)),
    "Conv2D": image(lambda k: k.Conv2D(64, 3), lambda t: t.Conv2d(32, 64, 3)),
    "Conv2D strided": image(lambda k: k.Conv2D(64, 3, 2), lambda t: t.Conv2d(32, 64, 3, 2)),
    "Conv2D grouped": image(lambda k: k.Conv2D(64, 3, groups=4), lambda t: t.Conv2d(32, 64, 3, groups=4)),
    "Conv3D": image(lambda k: k.Conv3D(32, 3), lambda t: t.Conv3d(16, 32, 3), VOLUME),
    "Conv1DTranspose": image(lambda k: k.Conv1DTranspose(32, 4, 2), lambda t: t.ConvTranspose1d(32, 32, 4, 2), LINE),
    "Conv2DTranspose": image(lambda k: k.Conv2DTranspose(32, 3, 2), lambda t: t.ConvTranspose2d(32, 32, 3, 2)),
    "Conv3DTranspose": image(lambda k: k.Conv3DTranspose(16, 2, 2), lambda t: t.ConvTranspose3d(16, 16, 2, 2), VOLUME),
    "SeparableConv1D": image(
        lambda k: k.SeparableConv1D(64, 5),
        lambda t: t.Sequential(t.Conv1d(32, 32, 5, groups=32, bias=False), t.Conv1d(32, 64, 1)),
        LINE,
    ),
    "DepthwiseConv1D": image(lambda k: k.DepthwiseConv1D(5), lambda t: t.Conv1d(32, 32, 5, groups=32), LINE),
    "SeparableConv2D": image(
        lambda k: k.SeparableConv2D(64, 3),
        lambda t: t.Sequential(t.Conv2d(32, 32, 3, groups=32, bias=False), t.Conv2d(32, 64, 1)),
    ),
    "DepthwiseConv2D": image(lambda k: k.DepthwiseConv2D(3), lambda t: t.Conv2d(32, 32, 3, groups=32)),
    "MaxPooling1D": image(lambda k: k.MaxPooling1D(), lambda t: t.MaxPool1d(2), LINE),
    "MaxPooling2D": image(lambda k: k.MaxPooling2D(), lambda t: t.MaxPool2d(2)),
    "MaxPooling3D": image(lambda k: k.MaxPooling3D(), lambda t: t.MaxPool3d(2), VOLUME),
    "AveragePooling1D": image(lambda k: k.AveragePooling1D(2), lambda t: t.AvgPool1d(2), LINE),
    "AveragePooling3D": image(lambda k: k.AveragePooling3D(2), lambda t: t.AvgPool3d(2), VOLUME),
    "MaxPooling2D overlapping": image(lambda k: k.MaxPooling2D(3, 2), lambda t: t.MaxPool2d(3, 2)),
    "AveragePooling2D": image(lambda k: k.AveragePooling2D(2), lambda t: t.AvgPool2d(2)),
    "GlobalAveragePooling1D": image(lambda k: k.GlobalAveragePooling1D(), lambda t: t.AdaptiveAvgPool1d(1), LINE),
    "GlobalMaxPooling1D": image(lambda k: k.GlobalMaxPooling1D(), lambda t: t.AdaptiveMaxPool1d(1), LINE),
    "GlobalAveragePooling3D": image(lambda k: k.GlobalAveragePooling3D(), lambda t: t.AdaptiveAvgPool3d(1), VOLUME),
    "GlobalMaxPooling3D": image(lambda k: k.GlobalMaxPooling3D(), lambda t: t.AdaptiveMaxPool3d(1), VOLUME),
    "AdaptiveAveragePooling1D": image(
        lambda k: k.AdaptiveAveragePooling1D(7), lambda t: t.AdaptiveAvgPool1d(7), LINE
    ),
    "AdaptiveMaxPooling1D": image(lambda k: k.AdaptiveMaxPooling1D(7), lambda t: t.AdaptiveMaxPool1d(7), LINE),
    "AdaptiveAveragePooling3D": image(
        lambda k: k.AdaptiveAveragePooling3D(5), lambda t: t.AdaptiveAvgPool3d(5), VOLUME
    ),
    "AdaptiveMaxPooling3D": image(lambda k: k.AdaptiveMaxPooling3D(5), lambda t: t.AdaptiveMaxPool3d(5), VOLUME),
    "GlobalAveragePooling2D": image(lambda k: k.GlobalAveragePooling2D(), lambda t: t.AdaptiveAvgPool2d(1)),
    "GlobalMaxPooling2D": image(lambda k: k.GlobalMaxPooling2D(), lambda t: t.AdaptiveMaxPool2d(1)),
    "AdaptiveAveragePooling2D": image(lambda k: k.AdaptiveAveragePooling2D(7), lambda t: t.AdaptiveAvgPool2d(7)),
    "AdaptiveMaxPooling2D": image(lambda k: k.AdaptiveMaxPooling2D(7), lambda t: t.AdaptiveMaxPool2d(7)),
    "LSTM": Case(SEQUENCE, lambda k: k.LSTM(64, return_sequences=True), lambda t: t.LSTM(64, 64, batch_first=True)),
    "GRU": Case(SEQUENCE, lambda k: k.GRU(64, return_sequences=True), lambda t: t.GRU(64, 64, batch_first=True)),
    "SimpleRNN": Case(
        SEQUENCE, lambda k: k.SimpleRNN(64, return_sequences=True), lambda t: t.RNN(64, 64, batch_first=True)
    ),
    "RNN of a GRUCell": Case(SEQUENCE, lambda k: k.RNN(k.GRUCell(64), return_sequences=True)),
    "RNN of an LSTMCell": Case(SEQUENCE, lambda k: k.RNN(k.LSTMCell(64), return_sequences=True)),
    "RNN of a SimpleRNNCell": Case(SEQUENCE, lambda k: k.RNN(k.SimpleRNNCell(64), return_sequences=True)),
    "RNN of StackedRNNCells": Case(
        SEQUENCE,
        lambda k: k.RNN([k.LSTMCell(64), k.LSTMCell(64)], return_sequences=True),
        lambda t: t.LSTM(64, 64, 2, batch_first=True),
    ),
    "LSTM last output": Case(SEQUENCE, lambda k: k.LSTM(64), lambda t: Last(t.LSTM(64, 64, batch_first=True))),
    "LSTM with dropout": Case(SEQUENCE, lambda k: k.LSTM(64, dropout=0.2, recurrent_dropout=0.2)),
    "GRU reset_before": Case(SEQUENCE, lambda k: k.GRU(64, return_sequences=True, reset_after=False)),
    "Bidirectional GRU": Case(
        SEQUENCE,
        lambda k: k.Bidirectional(k.GRU(64)),
        lambda t: Last(t.GRU(64, 64, batch_first=True, bidirectional=True)),
    ),
    "ConvLSTM1D": Case((8, 16, 64, 8), lambda k: k.ConvLSTM1D(16, 3, padding="same")),
    "ConvLSTM3D": Case((2, 4, 8, 8, 8, 4), lambda k: k.ConvLSTM3D(8, 3, padding="same")),
    "Bidirectional LSTM": Case(
        SEQUENCE,
        lambda k: k.Bidirectional(k.LSTM(64, return_sequences=True)),
        lambda t: t.LSTM(64, 64, batch_first=True, bidirectional=True),
    ),
    "ConvLSTM2D": Case((8, 8, 16, 16, 8), lambda k: k.ConvLSTM2D(16, 3, padding="same")),
    "TimeDistributed Dense": Case(SEQUENCE, lambda k: k.TimeDistributed(k.Dense(64)), lambda t: t.Linear(64, 64)),
    "BatchNormalization": image(lambda k: k.BatchNormalization(), lambda t: t.BatchNorm2d(32)),
    "BatchNormalization rows": Case(ROWS, lambda k: k.BatchNormalization(), lambda t: t.BatchNorm1d(512)),
    "LayerNormalization": Case(TEXT, lambda k: k.LayerNormalization(), lambda t: t.LayerNorm(256)),
    "GroupNormalization": image(lambda k: k.GroupNormalization(8), lambda t: t.GroupNorm(8, 32)),
    "RMSNormalization": Case(TEXT, lambda k: k.RMSNormalization(), lambda t: t.RMSNorm(256)),
    "UnitNormalization": Case(TEXT, lambda k: k.UnitNormalization()),
    "SpectralNormalization": Case(ROWS, lambda k: k.SpectralNormalization(k.Dense(512))),
    "SpectralNormalization Conv2D": image(lambda k: k.SpectralNormalization(k.Conv2D(64, 3)), None),
    "ActivityRegularization": Case(WIDE, lambda k: k.ActivityRegularization(1e-4, 1e-4)),
    "SpatialDropout1D": image(lambda k: k.SpatialDropout1D(0.3), lambda t: t.Dropout1d(0.3), LINE),
    "SpatialDropout3D": image(lambda k: k.SpatialDropout3D(0.3), lambda t: t.Dropout3d(0.3), VOLUME),
    "Dropout": Case(WIDE, lambda k: k.Dropout(0.3), lambda t: t.Dropout(0.3)),
    "SpatialDropout2D": image(lambda k: k.SpatialDropout2D(0.3), lambda t: t.Dropout2d(0.3)),
    "AlphaDropout": Case(WIDE, lambda k: k.AlphaDropout(0.3), lambda t: t.AlphaDropout(0.3)),
    "GaussianNoise": Case(WIDE, lambda k: k.GaussianNoise(0.3)),
    "GaussianDropout": Case(WIDE, lambda k: k.GaussianDropout(0.3)),
    "MultiHeadAttention": Case(TEXT, lambda k: Itself(k.MultiHeadAttention(8, 32)), lambda t: self_attention(t)),
    "GroupQueryAttention": Case(TEXT, lambda k: Itself(k.GroupQueryAttention(32, 8, 2))),
    "Attention": Case(TEXT, lambda k: Pair(k.Attention())),
    "AdditiveAttention": Case((8, 64, 64), lambda k: Pair(k.AdditiveAttention())),
    "PReLU": Case(WIDE, lambda k: k.PReLU(), lambda t: t.PReLU(4096)),
    "LeakyReLU": Case(WIDE, lambda k: k.LeakyReLU(), lambda t: t.LeakyReLU()),
    "ELU": Case(WIDE, lambda k: k.ELU(), lambda t: t.ELU()),
    "gelu": Case(WIDE, lambda k: k.Activation("gelu"), lambda t: t.GELU()),
    "tanh": Case(WIDE, lambda k: k.Activation("tanh"), lambda t: t.Tanh()),
    "Softmax": Case(WIDE, lambda k: k.Softmax(), lambda t: t.Softmax(-1)),
    "Dot": Case(TEXT, lambda k: Pair(k.Dot(2))),
    "Concatenate": Case(TEXT, lambda k: Pair(k.Concatenate())),
    "Add": Case(TEXT, lambda k: Pair(k.Add())),
    "Subtract": Case(TEXT, lambda k: Pair(k.Subtract())),
    "Multiply": Case(TEXT, lambda k: Pair(k.Multiply())),
    "Average": Case(TEXT, lambda k: Pair(k.Average())),
    "Maximum": Case(TEXT, lambda k: Pair(k.Maximum())),
    "Minimum": Case(TEXT, lambda k: Pair(k.Minimum())),
    "ReLU": Case(WIDE, lambda k: k.ReLU(), lambda t: t.ReLU()),
    "Identity": Case(WIDE, lambda k: k.Identity(), lambda t: t.Identity()),
    "Reshape": Case(TEXT, lambda k: k.Reshape((256, 128)), lambda t: t.Unflatten(1, (64, 2))),
    "Flatten": image(lambda k: k.Flatten(), lambda t: t.Flatten()),
    "RepeatVector": Case(ROWS, lambda k: k.RepeatVector(16)),
    "Cropping1D": image(lambda k: k.Cropping1D(2), None, LINE),
    "Cropping3D": image(lambda k: k.Cropping3D(2), None, VOLUME),
    "ZeroPadding1D": image(lambda k: k.ZeroPadding1D(2), lambda t: t.ZeroPad1d(2), LINE),
    "ZeroPadding3D": image(lambda k: k.ZeroPadding3D(2), lambda t: t.ZeroPad3d(2), VOLUME),
    "UpSampling1D": image(lambda k: k.UpSampling1D(2), lambda t: t.Upsample(scale_factor=2), LINE),
    "UpSampling3D": image(lambda k: k.UpSampling3D(2), lambda t: t.Upsample(scale_factor=2), VOLUME),
    "UpSampling2D bicubic": image(
        lambda k: k.UpSampling2D(2, interpolation="bicubic"), lambda t: t.Upsample(scale_factor=2, mode="bicubic")
    ),
    "Rescaling": Case(WIDE, lambda k: k.Rescaling(1 / 255)),
    "Normalization": Case(ROWS, lambda k: k.Normalization(mean=[0.5] * 512, variance=[2.0] * 512)),
    "CenterCrop": image(lambda k: k.CenterCrop(20, 20), None),
    "Resizing": image(lambda k: k.Resizing(42, 42), lambda t: t.Upsample((42, 42), mode="bilinear")),
    "RandomFlip": image(lambda k: k.RandomFlip(), None),
    "RandomCrop": image(lambda k: k.RandomCrop(20, 20), None),
    "RandomRotation": image(lambda k: k.RandomRotation(0.1), None),
    "RandomTranslation": image(lambda k: k.RandomTranslation(0.1, 0.1), None),
    "RandomZoom": image(lambda k: k.RandomZoom(0.1), None),
    "RandomContrast": image(lambda k: k.RandomContrast(0.2), None),
    "RandomBrightness": image(lambda k: k.RandomBrightness(0.2), None),
    "Permute": Case(TEXT, lambda k: k.Permute((2, 1))),
    "Cropping2D": image(lambda k: k.Cropping2D(2), None),
    "ZeroPadding2D": image(lambda k: k.ZeroPadding2D(2), lambda t: t.ZeroPad2d(2)),
    "UpSampling2D": image(lambda k: k.UpSampling2D(2), lambda t: t.Upsample(scale_factor=2)),
    "UpSampling2D bilinear": image(
        lambda k: k.UpSampling2D(2, interpolation="bilinear"), lambda t: t.Upsample(scale_factor=2, mode="bilinear")
    ),
}  # fmt: skip


class Last:
    """Gives a PyTorch recurrent module's last output alone."""

    def __init__(self, module: Any) -> None:
        self.module, self.parameters = module, module.parameters

    def __call__(self, x: Any) -> Any:
        return self.module(x)[0][:, -1]


class Itself:
    """Calls an attention layer on a sequence and itself."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer

    def __call__(self, x: Any) -> Any:
        return self.layer(x, x)


class Pair(Itself):
    """Calls a layer on a list that holds its input twice."""

    def __call__(self, x: Any) -> Any:
        return self.layer([x, x])


def self_attention(nn: Any) -> Any:
    class Module(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(256, 8, batch_first=True)

        def forward(self, x: Any) -> Any:
            return self.attention(x, x, x, need_weights=False)[0]

    return Module()
