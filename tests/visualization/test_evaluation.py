import numpy as np
import pytest

from lamina import layers, visualization
from lamina.visualization import confusion_counts, most_wrong, principal_components
from lamina.visualization.figures import as_svg

RANDOM = np.random.default_rng(0)
PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.6, 0.3, 0.1], [0.2, 0.2, 0.6]])


def test_confusion_against_scikit_learn():
    from sklearn.metrics import confusion_matrix

    true, predicted = RANDOM.integers(0, 4, 100), RANDOM.random((100, 4))
    expected = confusion_matrix(true, predicted.argmax(axis=1))
    np.testing.assert_array_equal(confusion_counts(true, predicted), expected)
    np.testing.assert_array_equal(confusion_counts(np.eye(4)[true], predicted), expected)
    yes, share = RANDOM.integers(0, 2, 50), RANDOM.random((50, 1))
    np.testing.assert_array_equal(confusion_counts(yes, share), confusion_matrix(yes, share[:, 0] >= 0.5))


def test_a_class_that_never_occurs_has_its_place():
    assert confusion_counts([0, 1, 0, 1], PROBABILITIES).shape == (3, 3)


def test_the_matrix_is_drawn():
    figure = visualization.plot_confusion_matrix([0, 1, 1, 2], PROBABILITIES, labels=["ant", "bee", "cat"])
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["ant", "bee", "cat"]
    assert axes.get_title() == "3 of 4 right (75.0%)"
    assert "bee" in as_svg(figure)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: confusion_counts([0, 1], [0, 1, 1]), "y_true has 2 rows and y_pred 3"),
        (lambda: confusion_counts([], []), "there are no rows"),
        (lambda: confusion_counts([0.5, 7.0], [0, 1]), "y_true must hold class numbers"),
        (lambda: visualization.plot_confusion_matrix([0, 1], [0, 1], labels=["a"]), "1 names, but there are 2 classes"),
        (lambda: visualization.plot_residuals([1.0], [1.0, 2.0]), "1 numbers and y_pred 2"),
        (lambda: visualization.plot_most_wrong(np.eye(4), [0, 1, 0, 2], PROBABILITIES), "every row is right"),
        (lambda: visualization.plot_filters(layers.Conv2D(2, 3)), "'conv2d' has no two-dimensional convolution"),
        (lambda: principal_components(np.ones(3)), r"got \(3,\)"),
        (lambda: visualization.plot_embeddings(np.eye(3), labels=[1]), "3 vectors, but 1 labels"),
    ],
)
def test_what_does_not_fit_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_most_wrong_are_those_with_the_least_probability():
    assert most_wrong([0, 1, 1, 0], PROBABILITIES).tolist() == [3, 2]
    assert most_wrong([1.0, 2.0, 3.0], [1.1, 2.9, 3.0]).tolist() == [1, 0]
    assert most_wrong([0, 1, 1], [[0.2], [0.4], [0.9]]).tolist() == [1]
    assert most_wrong([0, 1, 1, 0], PROBABILITIES, count=1).tolist() == [3]


def test_pictures_and_rows_are_drawn():
    figure = visualization.plot_most_wrong(RANDOM.random((4, 8, 8)), [0, 1, 1, 0], PROBABILITIES)
    assert figure.axes[0].get_title() == "row 3: 0\ntaken for 2 (60%)" and figure.axes[0].images
    figure = visualization.plot_most_wrong(RANDOM.random((3, 5)), [1.0, 2.0, 3.0], [1.1, 2.9, 3.0])
    assert figure.axes[0].get_title() == "row 1: 2\npredicted 2.9" and figure.axes[0].lines


def test_residuals():
    figure = visualization.plot_residuals([[1.0], [2.0]], [1.5, 2.5])
    assert figure.axes[1].get_title() == "mean 0.5, mean absolute 0.5"


def test_filters():
    layer = layers.Conv2D(5, 3)
    layer.build((None, 8, 8, 3))
    figure = visualization.plot_filters(layer)
    assert sum(len(axes.images) for axes in figure.axes) == 5
    assert "5 filters of 3x3" in figure.get_suptitle()


def test_principal_components_against_scikit_learn():
    from sklearn.decomposition import PCA

    points = RANDOM.normal(size=(30, 6))
    found, shares = principal_components(points)
    oracle = PCA(2).fit(points)
    np.testing.assert_allclose(np.abs(found), np.abs(oracle.transform(points)), atol=1e-10)
    np.testing.assert_allclose(shares, oracle.explained_variance_ratio_)


def test_embeddings():
    layer = layers.Embedding(4, 3)
    layer.build()
    figure = visualization.plot_embeddings(layer, names=["a", "b", "c", "d"])
    assert [text.get_text() for text in figure.axes[0].texts] == ["a", "b", "c", "d"]
    figure = visualization.plot_embeddings(RANDOM.normal(size=(6, 3)), labels=[0, 0, 1, 1, 2, 2])
    assert len(figure.axes[0].collections) == 3
