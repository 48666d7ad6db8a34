"""scikit-learn's MLPClassifier, for the workloads that are such perceptrons."""

from __future__ import annotations

import warnings

from benchmarks.peers.peer import NotOffered, Peer


class Runner(Peer):
    """It counts no accuracy while training, and starts Adam's moments anew with each call of fit."""

    distributions = ("scikit-learn", "numpy")

    def import_library(self):
        from sklearn.neural_network import MLPClassifier

        self.classifier = MLPClassifier

    def build(self, workload, dataset):
        if workload.hidden is None:
            raise NotOffered(f"{workload.name} is not a plain perceptron")
        import numpy as np

        labels = dataset.y
        if workload.loss == "categorical_crossentropy":
            labels = labels.argmax(-1)
        self.labels = labels.reshape(-1).astype(np.int32)
        self.x = dataset.x
        self.scaler = None
        if workload.standardize:
            from sklearn.preprocessing import StandardScaler

            self.scaler = StandardScaler().fit(dataset.x)
        self.model = self.classifier(
            workload.hidden,
            alpha=0,
            batch_size=workload.batch,
            epsilon=1e-7,
            warm_start=True,
            tol=0,
            n_iter_no_change=np.inf,
            random_state=0,
        )

    def scaled(self, rows):
        x = self.x[:rows]
        return x if self.scaler is None else self.scaler.transform(x)

    def fit(self, epochs, rows=None):
        self.model.set_params(max_iter=epochs)
        with warnings.catch_warnings():
            # "not converged yet": the number of epochs is ours.
            warnings.simplefilter("ignore")
            self.model.fit(self.scaled(rows), self.labels[:rows])
        return float(self.model.loss_)

    def evaluate(self):
        return self.model.score(self.scaled(None), self.labels)

    def predict(self, rows=None):
        return self.model.predict_proba(self.scaled(rows))
