from benchmarks import layers


def test_a_page_lists_what_is_behind_first():
    times = {
        "Dense": {"lamina": 2.0, "keras-jax": 4.0, "pytorch": 3.0},
        "LSTM": {"lamina": 3.0, "keras-jax": 9.0, "pytorch": 2.0},
        "Masking": {"lamina": 1.0},
    }
    machine = {"processor": "A chip", "cores": 2, "system": "Linux", "started": "today"}
    page = layers.page({"environment": machine, "versions": {"jax": "1"}, "rounds": 1, "times": times})
    assert "Behind by more than 15 % are 1 of 3: LSTM." in page
    rows = [line for line in page.splitlines() if line.startswith("| ")][2:]
    assert rows == ["| LSTM | 3 | 9 | 2 | 1.50 |", "| Dense | 2 | 4 | 3 | 0.67 |", "| Masking | 1 |  |  | 0.00 |"]


def test_the_better_of_two_runs_is_kept():
    old = {"Dense": {"lamina": 2.0}, "LSTM": {"lamina": 3.0}}
    assert layers.merged(old, {"Dense": {"lamina": 4.0, "pytorch": 1.0}}) == {
        "Dense": {"lamina": 2.0, "pytorch": 1.0},
        "LSTM": {"lamina": 3.0},
    }


def test_words_choose_layers():
    assert layers.chosen(["convlstm"]) == ["ConvLSTM1D", "ConvLSTM3D", "ConvLSTM2D"]
    assert len(layers.chosen([])) > 90
