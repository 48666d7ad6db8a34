"""Residual nets of basic blocks (two 3×3 convolutions each), written for the Keras API and for PyTorch."""

from __future__ import annotations

from typing import NamedTuple

CLASSES = 10


class Size(NamedTuple):
    """`image` is (height, width, channels); `stages` are (filters, strides), a block each."""

    image: tuple[int, int, int]
    stem: int
    stages: tuple[tuple[int, int], ...]


def keras_model(keras, size: Size):
    layers = keras.layers

    def convolution(x, filters, width, strides=1):
        x = layers.Conv2D(filters, width, strides=strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    inputs = keras.Input(size.image)
    x = layers.Activation("relu")(convolution(inputs, size.stem, 3))
    for filters, strides in size.stages:
        residual = layers.Activation("relu")(convolution(x, filters, 3, strides))
        residual = convolution(residual, filters, 3)
        same = strides == 1 and x.shape[-1] == filters
        shortcut = x if same else convolution(x, filters, 1, strides)
        x = layers.Activation("relu")(layers.Add()([shortcut, residual]))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(CLASSES, activation="softmax", dtype="float32")(x))


def torch_module(torch, size: Size):
    nn = torch.nn

    def convolution(channels, filters, width, stride=1):
        return nn.Sequential(
            nn.Conv2d(channels, filters, width, stride, padding=width // 2, bias=False),
            nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01),
        )

    class Block(nn.Module):
        def __init__(self, channels, filters, stride):
            super().__init__()
            self.residual = nn.Sequential(
                convolution(channels, filters, 3, stride), nn.ReLU(), convolution(filters, filters, 3)
            )
            same = stride == 1 and channels == filters
            self.shortcut = nn.Identity() if same else convolution(channels, filters, 1, stride)

        def forward(self, x):
            return torch.relu(self.shortcut(x) + self.residual(x))

    parts, channels = [convolution(size.image[-1], size.stem, 3), nn.ReLU()], size.stem
    for filters, stride in size.stages:
        parts.append(Block(channels, filters, stride))
        channels = filters
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES))
