from lamina.visualization.canvas import Canvas


def _text(canvas):
    return ["".join(character for character, _ in row) for row in canvas.rows()]


def test_each_dot_has_its_bit():
    # The braille block numbers the dots 1-3 down the left column, 4-6 down the right one, 7 and 8 below them.
    for number, (x, y) in enumerate([(0, 3), (0, 2), (0, 1), (1, 3), (1, 2), (1, 1), (0, 0), (1, 0)]):
        canvas = Canvas(1, 1)
        canvas.dot(x, y)
        assert _text(canvas) == [chr(0x2800 + 2**number)]


def test_origin_is_at_the_bottom_left():
    canvas = Canvas(3, 2)
    canvas.dot(0, 0, "red")
    assert canvas.rows()[1][0] == ("⡀", "red")
    canvas.dot(canvas.width - 1, canvas.height - 1)
    assert _text(canvas) == ["  ⠈", "⡀  "]


def test_lines_are_connected_and_hold_both_ends():
    canvas = Canvas(4, 1)
    canvas.line((0, 0), (7, 3))
    assert _text(canvas) == ["⣀⠤⠒⠉"]
    canvas = Canvas(4, 1)
    canvas.line((7, 3), (0, 0))
    assert _text(canvas) == ["⣀⠤⠒⠉"]


def test_dashes_leave_gaps():
    canvas = Canvas(6, 1)
    canvas.line((0, 0), (11, 0), dash=3)
    assert _text(canvas) == ["⣀⡀ ⣀⡀ "]


def test_ascii_draws_marks():
    canvas = Canvas(4, 2, ascii_only=True)
    assert (canvas.width, canvas.height) == (4, 2)
    canvas.line((0, 0), (3, 1), mark="o")
    assert _text(canvas) == ["  oo", "oo  "]
