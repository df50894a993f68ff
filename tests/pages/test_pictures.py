"""What pages look like. No picture is kept: fonts differ from computer to computer. Compared are pictures of one page that
must look alike: light and dark (where the one has ink, the other has), and a page before and after what a reader did to
it was undone, by structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004)."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.slow
BLOCK = 16  # pixels: a letter or two
INK = 0.12  # of the way from black to white: what a step in brightness takes to be seen
UNLIKE = 0.005  # of the blocks with ink in one picture that may have none in the other: shades, rounded corners
TALL = 5000  # pixels
LABS = ("arp", "tls", "programmable")


def picture(page):
    """The first TALL pixels of the page as an array of brightness, 0 to 1; laid out so that nothing waits to be seen."""
    page.set_viewport_size({"width": page.viewport_size["width"], "height": TALL})
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 300)))")
    return np.asarray(Image.open(BytesIO(page.screenshot())).convert("L"), dtype=float) / 255


def blocks(array):
    rows, columns = (size // BLOCK * BLOCK for size in array.shape)
    return array[:rows, :columns].reshape(rows // BLOCK, BLOCK, columns // BLOCK, BLOCK).swapaxes(1, 2)


def ink(array):
    """Which blocks have something to see: brightness that steps from one pixel to the next."""
    steps = np.maximum(np.abs(np.diff(array, axis=0, append=array[-1:])), np.abs(np.diff(array, axis=1, append=array[:, -1:])))
    return blocks(steps).max(axis=(2, 3)) > INK


def missing(one, other):
    """The share of blocks with ink in one picture that have none, nor has a neighbour, in the other."""
    mine, theirs = ink(one), ink(other)
    rows, columns = (min(sizes) for sizes in zip(mine.shape, theirs.shape))
    mine, theirs = mine[:rows, :columns], np.pad(theirs[:rows, :columns], 1)
    near = np.any([theirs[down:down + rows, right:right + columns] for down in range(3) for right in range(3)], axis=0)
    return (mine & ~near).sum() / max(mine.sum(), 1)


def likeness(one, other):
    """Structural similarity of the least similar block: 1 for the same picture."""
    assert one.shape == other.shape
    a, b = blocks(one), blocks(other)
    axes = (2, 3)
    means, spreads = [x.mean(axes) for x in (a, b)], [x.var(axes) for x in (a, b)]
    both = (a * b).mean(axes) - means[0] * means[1]
    c1, c2 = 0.01 ** 2, 0.03 ** 2
    return float(((2 * means[0] * means[1] + c1) * (2 * both + c2) / (
        (means[0] ** 2 + means[1] ** 2 + c1) * (spreads[0] + spreads[1] + c2))).min())


@pytest.mark.parametrize("width", [360, 1024, 1920])
@pytest.mark.parametrize("name", LABS)
def test_what_is_seen_in_the_light_is_seen_in_the_dark(opened, page_of, name, width):
    light, dark = (picture(opened(page_of(name, answered=False), width, scheme)) for scheme in ("light", "dark"))
    assert light.mean() > 0.8 > 0.3 > dark.mean()
    assert max(missing(light, dark), missing(dark, light)) <= UNLIKE


def test_what_cannot_be_seen_in_the_dark_is_found(opened, page_of):
    light, dark = (opened(page_of("arp"), scheme=scheme) for scheme in ("light", "dark"))
    dark.evaluate("document.querySelector('h2').parentNode.style.color = '#1a1d22'")
    dark.evaluate("document.querySelectorAll('#verdict .title').forEach(one => { one.style.color = '#1a1d22'; })")
    assert missing(picture(light), picture(dark)) > UNLIKE


def test_a_filter_and_a_frame_that_are_undone_leave_no_trace(opened, page_of):
    page = opened(page_of("flow_control"))
    before = picture(page)
    page.locator("#find").fill("ack")
    page.locator(".ladder a[href]:visible").first.click()
    assert likeness(before, picture(page)) < 0.5
    page.keyboard.press("Escape")
    page.get_by_text("Show all").click()
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.mouse.move(0, 0)
    assert likeness(before, picture(page)) > 0.98


def test_a_graph_that_is_shown_whole_again_is_the_same(opened, page_of):
    page = opened(page_of("flow_control"))
    graphs = page.locator("details.connection[open] .graphs")
    graphs.locator("canvas").last.wait_for()
    drawn = []
    for key in ("0", "+", "0"):
        graphs.press(key)
        page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))")
        drawn.append(graphs.locator("canvas").evaluate_all("all => all.map(one => one.toDataURL())"))
    assert drawn[0] == drawn[2] and all(whole != part for whole, part in zip(drawn[0], drawn[1]))
