"""PyTorch: the training loop that its users write, in its quicker form (rows picked by index, no DataLoader)."""

from __future__ import annotations

from benchmarks.peers.peer import NotOffered, Peer


class Runner(Peer):
    """Eager as it comes; `fused` takes the optimizer's one-kernel update, `compiled` puts the module in torch.compile.

    On a GPU if there is one, where the data lie from `build` on. Loss and accuracy are summed in tensors and read once
    an epoch, as the peers with the Keras API report them; reading them waits for the device.
    """

    distributions = ("torch", "numpy")

    def __init__(self, fused: bool = False, compiled: bool = False):
        self.fused = fused
        self.compiled = compiled

    def import_library(self):
        import torch

        self.torch = torch
        self.device = "cuda" if torch.cuda.is_available() else "cpu"

    def build(self, workload, dataset):
        torch = self.torch
        if workload.torch is None:
            raise NotOffered(f"no torch definition of {workload.name}")
        self.workload = workload
        self.dataset = dataset
        self.categorical = "categorical" in workload.loss
        torch.manual_seed(0)
        if self.device == "cuda":
            # As JAX multiplies float32 on a GPU unless it is told otherwise.
            torch.set_float32_matmul_precision("high")
        self.module = workload.torch(torch, dataset).to(self.device)
        fused = {"fused": True} if self.fused else {}
        self.optimizer = torch.optim.Adam(self.module.parameters(), lr=1e-3, eps=1e-7, **fused)
        if self.compiled:
            self.module = torch.compile(self.module)
        self.x = self.as_input(dataset.x)
        y = torch.from_numpy(dataset.y)
        if workload.loss == "categorical_crossentropy":
            y = y.argmax(-1)
        self.y = (y.long() if self.categorical else y).to(self.device)
        self.loss = {
            "categorical_crossentropy": torch.nn.functional.cross_entropy,
            "sparse_categorical_crossentropy": torch.nn.functional.cross_entropy,
            "binary_crossentropy": torch.nn.functional.binary_cross_entropy_with_logits,
            "mean_squared_error": torch.nn.functional.mse_loss,
        }[workload.loss]

    def as_input(self, x):
        """Images come as NumPy's (rows, height, width, channels); torch sees the channels second, without a copy."""
        x = self.torch.from_numpy(x).to(self.device)
        return x.permute(0, 3, 1, 2) if x.ndim == 4 else x

    def outputs(self, x):
        """What the module makes of x, in float32; computed in bfloat16 by autocast where the workload is mixed."""
        with self.torch.autocast(self.device, self.torch.bfloat16, enabled=self.workload.mixed):
            outputs = self.module(x)
        return outputs.float()

    def correct(self, outputs, labels):
        """How many rows are right; of a row with several labels, which share."""
        if self.categorical:
            right = outputs.argmax(-1) == labels
        else:
            right = (outputs > 0) == (labels > 0.5)
        return right.sum() / right[0].numel()

    def score(self, outputs, labels, sums):
        """The batch's loss, after adding it and the number of right answers to `sums`."""
        if self.categorical:
            loss = self.loss(outputs.flatten(0, -2), labels.flatten())
        else:
            loss = self.loss(outputs, labels)
        sums[0] += loss.detach() * len(labels)
        if self.workload.classifies:
            sums[1] += self.correct(outputs.detach(), labels)
        return loss

    def fit(self, epochs, rows=None):
        torch, batch = self.torch, self.workload.batch
        x, y = (self.x, self.y) if rows is None else (self.x[:rows], self.y[:rows])
        self.module.train()
        for _ in range(epochs):
            order = torch.randperm(len(x), device=self.device)
            sums = torch.zeros(2, device=self.device)
            for start in range(0, len(x), batch):
                indices = order[start : start + batch]
                self.optimizer.zero_grad(set_to_none=True)
                loss = self.score(self.outputs(x[indices]), y[indices], sums)
                loss.backward()
                self.optimizer.step()
            mean_loss, _ = (sums / len(x)).tolist()
        return mean_loss

    def evaluate(self):
        torch, batch = self.torch, self.workload.batch
        self.module.eval()
        sums = torch.zeros(2, device=self.device)
        with torch.inference_mode():
            for start in range(0, len(self.x), batch):
                self.score(self.outputs(self.x[start : start + batch]), self.y[start : start + batch], sums)
        return (sums / len(self.x)).tolist()

    def predict(self, rows=None):
        torch, batch = self.torch, self.workload.batch
        self.module.eval()
        with torch.inference_mode():
            x = self.as_input(self.dataset.first(rows).x)
            outputs = torch.cat([self.outputs(x[start : start + batch]) for start in range(0, len(x), batch)])
            if self.categorical:
                outputs = outputs.softmax(-1)
            elif self.workload.loss == "binary_crossentropy":
                outputs = outputs.sigmoid()
            return outputs.cpu().numpy()
