"""Text of images that would be markup, script or a trick on the eye is text on the page, wherever it comes to stand."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import Docker, Image, Layer, Layout
from tests.report.browser.chromium import PHONE, Visit
from tests.report.browser.conftest import Open
from tests.report.browser.made import Made, Program
from tests.report.browser.read import read_parts
from tests.stores import image_of, layer_of

pytestmark = pytest.mark.xdist_group(name="browser")

TEXTS = {
    "script": "</script></style></title></textarea><script>window.pwned=1</script>",
    "image": '"><img src=x onerror=window.pwned=2>',
    "single": "' onmouseover='window.pwned=3' autofocus onfocus='window.pwned=4' x='",
    "link": "javascript:window.pwned=5",
    "template": "{{7*7}}{% raw %}${7*7}<%= 7*7 %>",
    "drawing": "<svg onload=window.pwned=6><title>t</title></svg>]]>--><!--",
    "entity": "&lt;b&gt;&amp;amp;&#x3c;i&#x3e;",
    "tricks": "left\u202egnp.exe\u2066x\u200by\u2029z",
    "long": "w" * 10_000,
    "wide": "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 50,
}
CONTROLS = "a\x1b[31mred\x07\x08\x7f\x9bz"


def make_images() -> list[Image]:
    """An image a text, in whatever of its config holds words, each on the layers of the one before."""
    images: list[Image] = []
    layers: list[Layer] = []
    history: list[dict[str, Any]] = []
    for number, (name, text) in enumerate({**TEXTS, "controls": CONTROLS}.items()):
        layers = [*layers, layer_of(f"{name}".encode() * 400 * (number + 1))]
        history = [*history, {"created_by": text, "comment": text, "author": text}]
        labels = {f"{name}{text}"[:500]: text, "team": text}
        config = {
            "Labels": labels,
            "Entrypoint": [text],
            "Cmd": [text],
            "User": text,
            "WorkingDir": text,
            "Env": [text],
        }
        images.append(
            image_of(*layers, history=history, config=config, author=text, created=f"2024-01-{number + 1:02}T00:00:00Z")
        )
    # A second one on each, so that its layers are shared, and drawn.
    return images + [
        image_of(*image.layers, history=history[: len(image.layers)], config={"User": str(number)})
        for number, image in enumerate(images)
    ]


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """An index of a Docker host, and of a layout whose tags were moved, both full of such text."""
    folder = tmp_path_factory.mktemp("hostile")
    images = make_images()
    layout = Layout(folder / "layout")
    docker = Docker(folder / "docker")
    names = [*TEXTS.values(), CONTROLS]
    for number, image in enumerate(images):
        text = names[number % len(names)]
        layout.add(image, f"{text}:{number}", f"team/{number}:{text}", text)
        docker.load(image, f"docker.io/library/{number}{text}:{text}", f"docker.io/team/web:{number}")
        docker.run(f"{number:064x}", image, text, Running=True)
    for place in (docker.container(f"{number:064x}") for number in range(len(images))):
        text = names[int(place.parent.name, 16) % len(names)]
        written = json.loads(place.read_text())
        place.write_text(json.dumps({**written, "Name": f"/{text}"}))
    program = Program(folder)
    program.ingest("host", f"docker-root:{docker.path}")
    program.ingest("layout<b>", f"oci:{layout.path}", "--as-of", "2026-01-01T00:00:00Z")
    # The tags change places, which is a move of each.
    digests = [descriptor["digest"] for descriptor in layout.descriptors]
    sizes = [descriptor["size"] for descriptor in layout.descriptors]
    for place, descriptor in enumerate(layout.descriptors):
        descriptor.update(digest=digests[place - 3], size=sizes[place - 3])
    layout.write()
    program.ingest("layout<b>", f"oci:{layout.path}", "--as-of", "2026-01-03T00:00:00Z")
    return program


@pytest.fixture(params=["layer-sharing", "layer-sharing on_disk", "tag-drift", "host", "image"])
def hostile_page(request: pytest.FixtureRequest, hostile: Program) -> Made:
    words = {
        "layer-sharing on_disk": ("layer-sharing", "-p", "basis=on_disk"),
        "host": ("host", "host"),
        "image": ("image", make_images()[3].config.digest),
    }
    return hostile.make(*words.get(request.param, (request.param,)))


def test_nothing_of_an_image_runs_and_its_text_is_seen(visit: Callable[..., Visit], hostile_page: Made) -> None:
    seen = visit(hostile_page.path, viewport=PHONE)
    page = seen.page
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    page.evaluate(
        """async () => {
            for (const node of document.querySelectorAll(".mark, td, th, [title]")) {
                for (const kind of node.matches(".mark") ? ["mouseover", "focus", "click"] : ["mouseover", "focus"]) {
                    node.dispatchEvent(new MouseEvent(kind, {bubbles: true}));
                }
            }
            await new Promise((done) => setTimeout(done, 100));
        }"""
    )
    assert page.evaluate("typeof window.pwned") == "undefined"
    assert seen.complaints == []
    assert seen.outside() == []
    assert page.locator("img, iframe, object, embed, form, base, style ~ style, script ~ script ~ script").count() == 0
    foreign = page.evaluate(
        """() => [...document.querySelectorAll("*")].flatMap((node) => [...node.attributes])
            .filter(({name, value}) => /^on|^autofocus$/.test(name)
                || /^(href|src|action|xlink:href)$/.test(name) && !/^(#|data:image\\/svg)/.test(value))
            .map(({name, value}) => name + "=" + value)"""
    )
    assert foreign == []
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def test_the_text_of_images_is_text_in_tables_and_charts(look: Open, hostile_page: Made) -> None:
    page = look(hostile_page.path)
    texts = {str(value) for part in read_parts(page) for row in part.rows for value in row.values()}
    whole = "\n".join(texts)
    for name in ("script", "image", "single", "template", "drawing", "entity"):
        assert TEXTS[name] in whole, name
    assert "49" not in {text for text in texts if "{{" in text}
    if hostile_page.name in ("layer-sharing", "tag-drift"):
        names = page.evaluate(
            "() => [...document.querySelectorAll('.mark')].map((mark) => mark.getAttribute('aria-label')).join('\\n')"
        )
        assert TEXTS["script"] in names
        assert TEXTS["image"] in names


def test_what_cannot_be_seen_is_not_left_to_the_eye(look: Open, hostile_page: Made) -> None:
    """Control characters are escaped, and what turns the direction of a line stays within its own text."""
    page = look(hostile_page.path)
    shown = page.evaluate("document.body.innerText + document.body.textContent + document.title")
    assert sorted({hex(ord(one)) for one in shown if unicodedata.category(one) == "Cc" and one not in "\n\t"}) == []
    # The only direction marks that are left are isolated by their element.
    loose = page.evaluate(
        """(turns) => [...document.querySelectorAll("main *")].filter((node) =>
                [...node.childNodes].some((child) => child.nodeType === 3 && new RegExp(turns).test(child.data)))
            .filter((node) => !/isolate|plaintext/.test(getComputedStyle(node).unicodeBidi))
            .map((node) => node.outerHTML.slice(0, 100))""",
        "[\u202a-\u202e\u2066-\u2069]",
    )
    assert loose == []
