"""Work of a page's main thread, frame by frame, while something is done with it.

A frame's work counts from its beginning, through what the last move left to be painted and what the
next move makes the page compute, to the first task after the frame was handed over for painting.
The time between frames would say no less than the screen's 16.7 ms.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

# `next` is asked for before the move: a page's own work for the same frame then comes after it and
# is counted with that frame.
_FRAMES = """
const frames = async (steps, act) => {
    const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const { port1, port2 } = new MessageChannel();
    const handedOver = () => new Promise((resolve) => {
        port1.onmessage = () => resolve(performance.now());
        port2.postMessage(null);
    });
    const times = [];
    let next = nextFrame();
    for (let step = 0; step < steps; step += 1) {
        await next;
        const began = performance.now();
        next = nextFrame();
        act(step);
        times.push((await handedOver()) - began);
    }
    return times;
};
"""

_DRAG = f"""async ({{ steps, grip, at, kind, moved, skip }}) => {{
    {_FRAMES}
    const held = document.querySelector(grip);
    const box = held.getBoundingClientRect();
    const point = {{ x: box.left + box.width * at[0], y: box.top + box.height * at[1] }};
    const Kind = kind === 'pointer' ? PointerEvent : MouseEvent;
    const send = (target, type) => target.dispatchEvent(new Kind(kind + type, {{
        bubbles: true, cancelable: true, view: window, button: 0, buttons: type === 'up' ? 0 : 1,
        clientX: point.x, clientY: point.y, pointerId: 1,
    }}));
    const place = () => {{
        const {{ x, y }} = document.querySelector(moved).getBoundingClientRect();
        return `${{x}} ${{y}}`;
    }};
    const before = place();
    send(held, 'down');
    const times = await frames(steps, (step) => {{
        const forth = Math.floor(step / 20) % 2 === 0 ? 1 : -1;
        point.x -= 12 * forth;
        point.y -= 8 * forth;
        send(kind === 'pointer' ? held : window, 'move');
    }});
    const after = place();
    const ended = await frames(1, () => send(kind === 'pointer' ? held : window, 'up'));
    return {{ times: times.slice(skip), ended: ended[0], hasMoved: before !== after }};
}}"""

_ACTS = f"""async ({{ acts, steps }}) => {{
    {_FRAMES}
    const perform = ({{ click, key }}) => {{
        if (click) document.querySelector(click).click();
        else document.querySelector(key.on).dispatchEvent(new KeyboardEvent('keydown', {{
            bubbles: true, cancelable: true, ...key,
        }}));
    }};
    const all = [];
    for (const act of acts) {{
        all.push(await frames(steps, (step) => {{
            if (step === 0) perform(act);
        }}));
    }}
    return all;
}}"""

# The first moves begin the gesture.
_BEGINNING = 5


def drag(
    page: Page,
    grip: str,
    *,
    moved: str,
    steps: int = 130,
    at: tuple[float, float] = (0.5, 0.5),
    kind: str = "mouse",
) -> list[float]:
    """Drag something about and return the milliseconds of every frame.

    Args:
        page: Where.
        grip: Selector of what the pointer takes hold of.
        moved: Selector of what has to be elsewhere in the middle of the drag.
        steps: Moves, one for each frame; not a multiple of 40, which would end where it began.
        at: Where on the grip, as shares of its width and height.
        kind: The events that the page listens to: `mouse` or `pointer`.
    """
    told: dict[str, Any] = page.evaluate(
        _DRAG,
        {
            "grip": grip, "moved": moved, "steps": steps, "at": list(at), "kind": kind,
            "skip": _BEGINNING,
        },
    )  # fmt: skip
    if not told["hasMoved"]:
        raise RuntimeError(f"{moved} did not move")
    return told["times"]


def acts(page: Page, *what: dict[str, Any], steps: int) -> list[list[float]]:
    """Do one thing after another and return the milliseconds of the `steps` frames of each.

    Args:
        page: Where.
        what: `{"click": selector}` or `{"key": {"on": selector, "key": "z", "ctrlKey": True}}`.
        steps: Frames that are watched from the act on, such as those of an animation.
    """
    return page.evaluate(_ACTS, {"acts": list(what), "steps": steps})
