"""Cases of layers that reshape."""

from ..oracle import case, cases

ONE, TWO, THREE = (2, 6, 4), (2, 4, 5, 3), (1, 3, 4, 5, 2)
FORMATS = ["channels_last", "channels_first"]

CASES = [
    *(case("Reshape", ONE, shape) for shape in [(24,), (3, 8), (-1, 2), (2, -1, 3), (24, 1, 1)]),
    *(case("Permute", TWO, dims) for dims in [(1, 2, 3), (3, 1, 2), (2, 1, 3)]),
    case("RepeatVector", (2, 3), 4),
    *cases("Flatten", TWO, vary={"data_format": [None, *FORMATS]}),
    case("Flatten", (4,)),
    *cases("Cropping1D", ONE, vary={"cropping": [1, (0, 2)]}),
    *cases("Cropping2D", TWO, vary={"cropping": [1, (1, 0), ((0, 1), (2, 1))], "data_format": FORMATS[:1]}),
    case("Cropping2D", (2, 3, 4, 5), 1, data_format="channels_first"),
    *cases("Cropping3D", THREE, vary={"cropping": [1, (1, 0, 2), ((0, 1), (1, 1), (3, 0))]}),
    case("Cropping3D", (1, 2, 3, 4, 5), 1, data_format="channels_first"),
    *cases("ZeroPadding1D", ONE, vary={"padding": [1, (0, 2)], "data_format": FORMATS}),
    *cases("ZeroPadding2D", TWO, vary={"padding": [1, (1, 0), ((0, 1), (2, 1))], "data_format": FORMATS}),
    *cases("ZeroPadding3D", THREE, vary={"padding": [1, ((0, 1), (1, 1), (3, 0))], "data_format": FORMATS}),
    case("UpSampling1D", ONE, 3),
    *cases("UpSampling2D", TWO, vary={"size": [2, (1, 3)], "data_format": FORMATS}),
    *cases("UpSampling2D", TWO, vary={"size": [(2, 3)], "interpolation": ["bilinear", "bicubic", "lanczos3"]}),
    case("UpSampling2D", TWO, 2, interpolation="bilinear", data_format="channels_first"),
    *cases("UpSampling3D", THREE, vary={"size": [2, (1, 3, 2)], "data_format": FORMATS}),
]
