"""Pictures of data and of training runs, in the terminal and as files."""

from lamina.visualization.learning_curves import learning_curves, save_learning_curves
from lamina.visualization.line_chart import LineChart
from lamina.visualization.picture import Picture
from lamina.visualization.plot_model import model_to_dot, plot_model

__all__ = ["LineChart", "Picture", "learning_curves", "model_to_dot", "plot_model", "save_learning_curves"]
