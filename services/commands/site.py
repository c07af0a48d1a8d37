"""`retinue up` and the commands by which people reach a site that is up."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import click

from services.commands.moment import Moment
from services.commands.output import Output, Rows, listed, warn
from services.commands.run import Speed
from services.commands.signature import AsJson

if TYPE_CHECKING:
    from services.hub.client import SiteClient

# Where the site is that a command speaks to.
Site = Annotated[
    str,
    "--site SITE ($RETINUE_SITE): The site's name, its folder or its address, if several are up.",
]


def up(
    site: str | None = None,
    state: Annotated[Path | None, click.Path(file_okay=False, path_type=Path)] = None,
    speed: Annotated[Any, Speed()] = 1.0,
    host: str = "127.0.0.1",
    port: Annotated[int, click.IntRange(0, 65535)] = 0,
    tls: bool = False,
    tls_cert: Annotated[Path | None, click.Path(exists=True, path_type=Path)] = None,
    tls_key: Annotated[Path | None, click.Path(exists=True, path_type=Path)] = None,
    seed: int = 0,
    bodies: Annotated[int | None, click.IntRange(min=1)] = None,
    fault: tuple[str, ...] = (),
    runtime: Literal["local", "ray"] = "local",
    ray: str = "",
    devices: Literal["here", "processes"] = "here",
    device: tuple[str, ...] = (),
    no_record: tuple[str, ...] = (),
    keep: tuple[str, ...] = (),
    model: str = "embedded",
    unit: bool = False,
) -> int:
    """Keep a site up: a session on the clock of this machine that people join and steer.

    SITE is the name of a world (retinue worlds list) or the path of a scenario file. Say wishes with
    `retinue say`, see `retinue goals` and `retinue watch`, stop everybody with `retinue stop`.

    What was answered is on the disk. When the site was killed, the same command takes it up where it
    was: open goals go on, bodies that were stopped stay stopped. Ctrl-C or SIGTERM halts every body
    and closes the site in order.

    Options:
        --state DIR: The site's folder.  [default: one of its own for each SITE]
        --speed: Seconds of the site per second of this machine.
        --host: Where to listen; loopback unless you say otherwise.
        --port: Where to listen; 0 takes a free one.
        --tls: Be spoken to encrypted, by a certificate of the site's own authority: what is to trust it
            is given its file ca.pem.
        --tls-cert FILE: A certificate to be spoken to encrypted.
        --tls-key FILE: Its key, unless it is in the same file.
        --seed: Seed of all chance.
        --bodies N: Only the first N bodies of the scenario.
        --fault SPEC: What goes wrong, as for `retinue run`.
        --runtime: One Ray actor for each body, or everything in this process.
        --ray ADDRESS: The Ray cluster over whose nodes the brain and the bodies are spread.
        --devices: Where the world's bodies think: here, or each in a daemon that joins.
        --device ID=KIND:ADDRESS: A body outside the simulated world takes part.
        --no-record ROOM: Nothing that is seen or said in this room is recorded.
        --keep SPEC: How long reports are kept.
        --model MODEL ($RETINUE_LLM): What helps to understand wishes, as for `retinue run`.
        --unit: Print a unit file by which systemd keeps this site up, and end.
    """
    from services.errors import UserError
    from services.hub.places import state_of
    from services.hub.up import Address, open_site

    if site is None and state is None:
        raise click.UsageError(
            "say which: one of `retinue worlds list`, a scenario file, or the --state of a site",
            click.get_current_context(),
        )
    world = _world(site)
    folder = (state or state_of(Path(world).stem)).absolute()
    if site is None and not (folder / "config.json").is_file():
        raise UserError(f"{folder} holds no site yet: say which one to begin, such as restaurant")
    if speed == 0.0:
        raise UserError("a site lives on the clock: give --speed a number, such as 4")
    if ray:
        os.environ["RAY_ADDRESS"], runtime = ray, "ray"
    if unit:
        click.echo(_unit(folder, world))
        return 0
    if host not in ("127.0.0.1", "localhost", "::1") and tls_cert is None and not tls:
        warn(f"whoever can listen in on the way to {host} reads tokens: give --tls")
    values = {
        "world": world, "seed": seed, "bodies": bodies, "faults": fault, "runtime": runtime,
        "speed": speed, "model": model, "devices": device, "no_record": no_record, "keep": keep, "apart": devices == "processes",
    }  # fmt: skip
    from services.session.contracts import RunConfig

    config = RunConfig(stays=True, film=False, **values)
    config, run = open_site(config, _given(site), folder)
    return _kept_up(config, run, Address(host, port, tls_cert, tls_key, tls))


def _kept_up(config: Any, run: Any, address: Any) -> int:
    from services.hub.up import keep_up
    from services.report.progress import watched
    from services.session.ticker import Ticker

    name = Path(config.world).stem
    with watched(sys.stdout, f"{name} ({run.path})") as on_tick:

        def ready(url: str) -> None:
            from services.session.contracts import Tick

            on_tick(Tick(t=0.0, kind="note", line=f'up at {url}: retinue say "..."'))

        keep_up(config, run, address, Ticker(on_tick).show, ready)
    click.echo(f"{name} is down; it goes on with: retinue up --state {run.path}")
    return 0


def _world(site: str | None) -> str:
    """The world as it is found from anywhere."""
    if site is None:
        return ""
    return str(Path(site).resolve()) if Path(site).is_file() else site


def _given(site: str | None) -> set[str]:
    """The fields of the configuration that were typed."""
    context = click.get_current_context()
    names = {"fault": "faults", "device": "devices", "devices": "apart", "ray": "runtime"}
    typed = {
        names.get(name, name)
        for param in context.command.params
        if (name := param.name or "")
        and (source := context.get_parameter_source(name)) is not None
        and source.name in ("COMMANDLINE", "ENVIRONMENT")
    }
    fields = {
        "seed",
        "bodies",
        "faults",
        "runtime",
        "speed",
        "model",
        "devices",
        "apart",
        "no_record",
        "keep",
    }
    return (typed & fields) | ({"world"} if site is not None else set())


def _unit(state: Path, world: str) -> str:
    what = f"{world} " if world else ""
    return f"""[Unit]
Description=Retinue site {state.name}
After=network-online.target

[Service]
ExecStart={sys.executable} -m services.cli up {what}--state "{state}"
Restart=always
RestartSec=2
TimeoutStopSec=30

[Install]
WantedBy=default.target"""


def down(site: Site = "", drain: bool = False) -> Output:
    """Take a site down: every body halts, and what is open goes on when the site is up again.

    Options:
        --drain: Once every goal has come to its end; until then no new wish is taken.
    """
    client = client_of(site)
    answer = client.post("/down", drain=str(drain).lower())
    return Output(answer, str(answer["status"]))


def say(
    words: tuple[str, ...],
    site: Site = "",
    within: Annotated[float | None, Moment(is_span=True)] = None,
    priority: int = 0,
    wait: bool = False,
) -> Output:
    """Say something to a site: a wish, a question, an answer, or an instruction such as "stop".

    Exits with 1 if --wait saw a goal fail or come too late, else with 0.

    Options:
        --within TIME: The deadline of what is wished, from now.
        --priority: What goes before other wishes (higher first).
        --wait: Until every goal that comes of it has ended or asks something.
    """
    client = client_of(site)
    text = " ".join(words)
    said = client.post("/say", {"text": text, "within_s": within, "priority": priority})
    if wait and said["goals"]:
        said["goals"] = _ended(client, [goal["id"] for goal in said["goals"]])
    bad = wait and any(goal["status"] in ("failed", "missed") for goal in said["goals"])
    return Output(said, *_said(said), code=int(bad))


def _said(said: dict[str, Any]) -> list[str]:
    lines = [_goal_line(goal) for goal in said["goals"]]
    lines += said["replies"]
    lines += [f"It answers {goal}." for goal in said["answered"]]
    return lines or ["heard"]


def _goal_line(goal: dict[str, Any]) -> str:
    if goal["asks"]:
        options = f" ({', '.join(goal['options'])})" if goal["options"] else ""
        return f"{goal['id']} asks: {goal['asks']}{options}"
    told = goal["answer"] or goal["reason"] or goal["understood"]
    return f"{goal['id']} {goal['status']}" + (f": {told}" if told else "")


def _ended(client: SiteClient, ids: list[str]) -> list[dict[str, Any]]:
    """The goals, once each has ended or asks something."""
    after = client.get("/site")["events"]
    found = {id_: client.get(f"/goals/{id_}") for id_ in ids}
    if not all(map(_is_over, found.values())):
        for event in client.events(after):
            if event.kind in ("goal_closed", "goal_questioned") and event.body["goal"] in found:
                found[event.body["goal"]] = client.get(f"/goals/{event.body['goal']}")
                if all(map(_is_over, found.values())):
                    break
    return list(found.values())


def _is_over(goal: dict[str, Any]) -> bool:
    return goal["closed_s"] is not None or bool(goal["asks"])


def goals(goal: str | None = None, site: Site = "", all_: bool = False) -> Output:
    """List the open goals of a site; of one GOAL its steps, who does them, and why.

    Options:
        --all: Those that have ended, too.
    """
    client = client_of(site)
    if goal is not None:
        story = client.get(f"/goals/{goal}")
        steps = [
            (s["id"], s["title"], s["status"], s["body"], _clock(s["start_s"]), s["trouble"])
            for s in story["steps"]
        ]
        columns = ("step", "what", "status", "body", "since", "trouble")
        why = [explain["sentence"] for explain in story["why"]]
        return Output(story, _goal_line(story), Rows(columns, steps), *why)
    found = client.get("/goals", status="all" if all_ else "open")
    return listed(
        "goals",
        found,
        ("goal", "who", "said", "status", "what came of it"),
        lambda g: (
            g["id"], g["who"], g["text"], g["status"],
            g["asks"] or g["answer"] or g["reason"] or g["understood"],
        ),
        "nothing is open" if not all_ else "nobody has said anything yet",
    )  # fmt: skip


def cancel(goal: str, site: Site = "", roll_back: bool = False) -> Output:
    """Call a goal off; whoever holds something for it puts it down safely.

    Options:
        --roll-back: Put back what was moved for it.
    """
    return _on_goal(site, f"/goals/{goal}/cancel", {"roll_back": roll_back})


def pause(goal: str, site: Site = "") -> Output:
    """Do nothing for a goal until it is resumed."""
    return _on_goal(site, f"/goals/{goal}/pause")


def resume(goal: str, site: Site = "") -> Output:
    """Let a paused goal go on."""
    return _on_goal(site, f"/goals/{goal}/resume")


def change(
    goal: str,
    text: str | None = None,
    site: Site = "",
    within: Annotated[float | None, Moment(is_span=True)] = None,
    priority: int | None = None,
) -> Output:
    """Change the words of a goal, its deadline or its urgency.

    Options:
        --within TIME: Its deadline, from now.
        --priority: What goes before other wishes (higher first).
    """
    body = {"text": text, "within_s": within, "priority": priority}
    return _on_goal(site, f"/goals/{goal}", body, "PATCH")


def _on_goal(site: str, path: str, body: object = None, method: str = "POST") -> Output:
    goal = client_of(site).post(path, body, method)
    return Output(goal, _goal_line(goal))


def answer(goal: str, words: tuple[str, ...], site: Site = "") -> Output:
    """Answer what a goal asks."""
    said = client_of(site).post(f"/goals/{goal}/answer", {"text": " ".join(words)})
    return Output(said, *_said(said))


def retry(goal: str, site: Site = "") -> Output:
    """Say the wish of a goal that is over once more."""
    said = client_of(site).post(f"/goals/{goal}/retry")
    return Output(said, *_said(said))


def restrict(
    goal: str, site: Site = "", only: tuple[str, ...] = (), never: tuple[str, ...] = ()
) -> Output:
    """Say who may work for a goal from now on; neither option lets anybody.

    Who has begun something for it, or holds something, sees that to the end.

    Options:
        --only BODY: Pin the goal to this body; give it as often as you like.
        --never BODY: Bar this body from it; give it as often as you like.
    """
    return _on_goal(site, f"/goals/{goal}/bodies", {"only": only, "never": never}, "PUT")


def stop(bodies: tuple[str, ...] = (), site: Site = "", room: tuple[str, ...] = ()) -> Output:
    """Stop every body of a site, or the ones named, until they are released.

    Retinue is no rated safety device: a machine's own emergency stop is the one to trust.

    Options:
        --room ROOM: Whoever is in this room, as far as anybody knows; give it as often as you like.
    """
    return _standing_still(client_of(site).post("/stop", {"bodies": bodies, "rooms": room}))


def release(bodies: tuple[str, ...] = (), site: Site = "") -> Output:
    """Let stopped bodies move again: all of them, or the ones named."""
    return _standing_still(client_of(site).post("/release", {"bodies": bodies}))


def drain(body: str, site: Site = "") -> Output:
    """Give a body nothing new: what it has begun, or holds, it sees to the end."""
    found = client_of(site).post(f"/bodies/{body}/drain")
    return Output(found, f"{body} takes nothing new on" + _busy(found))


def activate(body: str, site: Site = "") -> Output:
    """Let a body that was drained or stopped move, and take on work, again."""
    found = client_of(site).post(f"/bodies/{body}/resume")
    return Output(found, f"{body} takes on work again")


def decommission(body: str, site: Site = "", force: bool = False) -> Output:
    """Take a body out of the fleet: its work moves to others, its key is worth nothing.

    Options:
        --force: Though it is at work.
    """
    found = client_of(site).post(f"/bodies/{body}/decommission", force=str(force).lower())
    return Output({"bodies": found}, f"{body} is out of the fleet")


def whatif(without: tuple[str, ...], site: Site = "", goal: str = "") -> Output:
    """Show who would do what when if there were not these bodies. Nothing is changed.

    Options:
        --goal GOAL: If they only might not work for this goal.
    """
    found = client_of(site).post("/whatif", {"without": without, "goal": goal})
    rows = [
        (s["goal"], s["step"], s["body"], s["body_then"] or "nobody", _clock(s["end_s"]),
         _clock(s["end_then_s"]))
        for s in found["steps"]
    ]  # fmt: skip
    told = f"all open steps: {found['makespan_s']:.0f} s, then {found['makespan_then_s']:.0f} s"
    stuck = [f"{step}: {why}" for step, why in found["stuck"].items()]
    columns = ("goal", "step", "body", "then", "done", "then")
    return Output(found, told, Rows(columns, rows), *stuck)


def _busy(body: dict[str, Any]) -> str:
    return f"; it still does {body['doing']}" if body["doing"] else ""


def _standing_still(found: list[dict[str, Any]]) -> Output:
    still = [body["id"] for body in found if body["stopped"]]
    told = f"{', '.join(still)}: stopped until released" if still else "everybody may move"
    took = {b["id"]: b["stop_latency_s"] for b in found if b["stopped"] and b["stop_latency_s"]}
    lines = [f"{body} held still after {1000 * t:.0f} ms" for body, t in took.items()]
    return Output({"bodies": found}, told, *lines)


def live_bodies(site: str) -> Output:
    """The bodies of a site as they are now."""
    return listed(
        "bodies",
        client_of(site).get("/bodies"),
        ("body", "kind", "doing", "where", "battery", "in touch"),
        lambda b: (
            b["id"], b["kind"], _doing(b), b["where"],
            "" if b["battery"] is None else f"{b['battery']:.0%}",
            f"lost since {_clock(b['lost_since_s'])}" if b["lost"] else "yes",
        ),
    )  # fmt: skip


def _doing(body: dict[str, Any]) -> str:
    doing = "stopped" if body["stopped"] else body["doing"] or "idle"
    return f"{doing}, drained" if body["drained"] else doing


def watch(site: Site = "", after: int | None = None, as_json: AsJson = False) -> int:
    """Show what happens at a site as it happens, until Ctrl-C.

    Options:
        --after N: From this position of the log on.  [default: from now on]
    """
    for event in client_of(site).events(after):
        if as_json:
            click.echo(event.model_dump_json())
        elif event.line:
            click.echo(f"{_clock(event.t):>8}  {event.line}")
    return 0


def sites() -> Output:
    """List the sites of yours that are up on this machine."""
    from services.hub.places import sites_up

    return listed(
        "sites",
        sites_up(),
        ("site", "address", "folder"),
        lambda place: (place.name, place.url, place.state),
        "no site is up: start one with `retinue up restaurant`",
    )


def client_of(site: str) -> SiteClient:
    """Calls the site that is meant."""
    from services.hub.client import SiteClient
    from services.hub.places import find

    url, token, ca = find(site)
    return SiteClient(url, token, ca=ca)


def _clock(t: float | None) -> str:
    from stem_memory.clock import clock_of

    return "" if t is None else clock_of(t)
