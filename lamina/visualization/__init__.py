"""Pictures of data, of training runs, of predictions and of models, in the terminal and as files."""

from lamina.visualization.evaluation import (
    confusion_counts,
    most_wrong,
    plot_confusion_matrix,
    plot_most_wrong,
    plot_residuals,
)
from lamina.visualization.insides import plot_embeddings, plot_filters, principal_components
from lamina.visualization.learning_curves import learning_curves, save_learning_curves
from lamina.visualization.line_chart import LineChart
from lamina.visualization.picture import Picture
from lamina.visualization.plot_model import model_to_dot, plot_model

__all__ = [
    "LineChart",
    "Picture",
    "confusion_counts",
    "learning_curves",
    "model_to_dot",
    "most_wrong",
    "plot_confusion_matrix",
    "plot_embeddings",
    "plot_filters",
    "plot_model",
    "plot_most_wrong",
    "plot_residuals",
    "principal_components",
    "save_learning_curves",
]
