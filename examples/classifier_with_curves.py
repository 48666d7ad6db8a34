"""A classifier of 4 numbers, 256-128-64 neurons, with early stopping and its curves of loss and accuracy."""

import argparse

import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--smoke", action="store_true", help="a few epochs only, and no files")
parser.add_argument("--curves", metavar="FILE", default="curves.png", help="where the curves go (default: curves.png)")
arguments = parser.parse_args()


def load_data():
    """Return 100 irises of two species (4 measures each), or 400 points of two overlapping clouds."""
    try:
        from sklearn.datasets import load_iris
    except ImportError:
        rng = np.random.default_rng(0)
        labels = rng.integers(0, 2, 400)
        return rng.normal(labels[:, None] * 1.5, 1.0, (400, 4)), labels
    data = load_iris()
    chosen = data.target > 0
    return data.data[chosen], data.target[chosen] - 1


keras.utils.set_random_seed(0)
x, labels = load_data()
x = (x - x.mean(axis=0)) / x.std(axis=0)
y = keras.utils.to_categorical(labels, 2)
order = np.random.default_rng(1).permutation(len(x))
split = int(0.7 * len(x))
X_train, y_train = x[order[:split]], y[order[:split]]
X_test, y_test = x[order[split:]], y[order[split:]]

model = keras.Sequential(
    [
        layers.Dense(256, input_dim=4, activation="relu", name="input"),
        layers.Dense(128, activation="relu", name="hidden1"),
        layers.Dense(64, activation="relu", name="hidden2"),
        layers.Dense(2, activation="softmax", name="output"),
    ]
)
model.summary()
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])

stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=50, restore_best_weights=True)
history = model.fit(
    X_train,
    y_train,
    batch_size=32,
    epochs=3 if arguments.smoke else 200,
    validation_data=(X_test, y_test),
    callbacks=[stop],
    verbose=2,
)

try:
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt
except ImportError:
    print("matplotlib is not installed: no picture of the curves.")
else:
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5))
    for axes, name in ((left, "loss"), (right, "accuracy")):
        axes.plot(history.history[name], label="training")
        axes.plot(history.history["val_" + name], label="validation")
        axes.set_xlabel("epoch")
        axes.set_title(name)
        axes.legend()
    figure.tight_layout()
    if not arguments.smoke:
        figure.savefig(arguments.curves)
        print("curves:", arguments.curves)
    plt.close(figure)

loss, accuracy = model.evaluate(X_test, y_test, verbose=0)
print("first predictions:", *model.predict(X_test[:3], verbose=0).round(3))
print(f"test accuracy: {accuracy:.4f}")
