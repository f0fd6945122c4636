"""The programs in PHP, Node.js and Java, run by the real ones: through a rotation, a retirement and a revocation.

Each runs twice at once. One looks at its set every second: in Vault, or for PHP in the agent's file. The other has the
agent's file and looks again only when the PIM refuses its token.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.integration.client.conftest import ERP, Town
from tests.integration.client.recipes.conftest import (
    PATIENCE,
    RECIPES,
    Running,
    adapted,
    clean_environment,
    running,
    to_town,
)
from tests.integration.client.test_requests_auth import until

LANGUAGES = {
    "php": ["php", str(RECIPES / "php/connector.php")],
    "node": ["node", str(RECIPES / "node/connector.mjs"), ERP],
    "java": ["java", "-XX:TieredStopAtLevel=1", str(RECIPES / "java/Connector.java"), ERP],
}
SPEAK_TO_VAULT = ("node", "java")
pytestmark = pytest.mark.timeout(600)


def missing(language: str) -> str:
    """What to install for it on Debian; empty if it is there."""
    match language:
        case "php":
            probe = 'exit(extension_loaded("curl") ? 0 : 1);'
            php = shutil.which("php")
            there = php and subprocess.run([php, "-r", probe], check=False).returncode == 0
            return "" if there else "php-cli php-curl"
        case "node":
            return "" if shutil.which("node") else "nodejs"
        case _:  # a runtime without a compiler does not run a source file
            return "" if shutil.which("java") and shutil.which("javac") else "default-jdk-headless"


@dataclass(frozen=True, kw_only=True)
class Story:
    """What the programs did while their connector was rotated, its former set retired, and it was revoked.

    Attributes:
        looking: by language, those that look every second; told to end before the revocation.
        late: those that look when they are refused; ended by the revocation.
        readers: what was acknowledged before the rotation, after it, and after the end of those that look.
    """

    before: int
    looking: dict[str, Running]
    late: dict[str, Running]
    readers: list[dict[str, str]]


@pytest.fixture(scope="module")
def story(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """All programs at once, of the languages that are installed."""
    folder = tmp_path_factory.mktemp("run")
    file, config, login = folder / "pim.json", folder / "agent.hcl", town.login("erp")
    config.write_text(adapted("bao-agent/agent.hcl", *to_town(town), ("/run/erp", str(folder))))
    from_file = {"PIM_CREDENTIALS_FILE": str(file)}
    from_vault = {
        "VAULT_ADDR": town.arena.bao.url,
        "VAULT_PIM_ROLE_ID_FILE": str(login.role_id_file),
        "VAULT_PIM_SECRET_ID_FILE": str(login.secret_id_file),
    }
    with ExitStack() as stack:
        agent = stack.enter_context(running(["bao", "agent", f"-config={config}"], clean_environment()))
        agent.until(file.exists)

        def start(language: str, refresh: int, where: dict[str, str]) -> Running:
            environment = clean_environment(PIM_REFRESH=str(refresh), **where)
            return stack.enter_context(running(LANGUAGES[language], environment))

        there = [language for language in LANGUAGES if not missing(language)]
        looking = {one: start(one, 1, from_vault if one in SPEAK_TO_VAULT else from_file) for one in there}
        late = {one: start(one, 3600, from_file) for one in there}
        if not (programs := [*looking.values(), *late.values()]):
            pytest.skip("none is installed; on Debian: apt-get install php-cli php-curl nodejs default-jdk-headless")
        before, sets, readers = int(town.served("erp")["generation"]), len(town.arena.pim.world.connections), []
        for program in programs:
            program.wait_for(f"generation {before}: 200")
        readers.append(town.readers())
        assert town.run("rotate", "erp") == 0
        for program in programs:
            program.wait_for(f"generation {before + 1}: 200")
        until(lambda: set(town.readers().values()) <= {str(before + 1)}, within=PATIENCE)
        readers.append(town.readers())
        while len(town.arena.pim.world.connections) != sets:  # until the grace is over
            assert town.run("apply", "erp") == 0
            programs[0].goes_on()
        for program in programs:
            program.goes_on()
        for program in looking.values():
            program.stop()
        readers.append(town.readers())
        assert town.run("revoke", "erp", "--reason", "rehearsal", "--yes") == 0
        for program in late.values():
            program.process.wait(PATIENCE)
        yield Story(before=before, looking=looking, late=late, readers=readers)


def of(programs: dict[str, Running], language: str) -> Running:
    """The program in that language."""
    if language not in programs:
        pytest.skip(f"{language} is not installed; on Debian: apt-get install {missing(language)}")
    return programs[language]


@pytest.mark.parametrize("way", ["looking", "late"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_call_fails_through_rotation_and_retirement(story: Story, language: str, way: str) -> None:
    """It calls with the former set, then with the new one, and goes on when the former is gone from the PIM."""
    program = of(getattr(story, way), language)
    assert sorted(set(program.lines)) == [f"generation {story.before + one}: 200" for one in (0, 1)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_revoked_connector_ends_and_says_why(story: Story, language: str) -> None:
    """A refused password is not tried again, and the error is one line."""
    program = of(story.late, language)
    refused = f"the PIM refuses generation {story.before + 1}, and there is no newer one"
    assert (program.errors, program.process.returncode) == ([refused], 1)


@pytest.mark.parametrize("language", SPEAK_TO_VAULT)
def test_generation_in_use_is_acknowledged(story: Story, language: str) -> None:
    """One entry of its own: the former generation, then the new one, then none."""
    program = of(story.looking, language)
    entry = f"-{program.process.pid}"
    told = [[used for name, used in readers.items() if name.endswith(entry)] for readers in story.readers]
    assert told == [[str(story.before)], [str(story.before + 1)], []]
