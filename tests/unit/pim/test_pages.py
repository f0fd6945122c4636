"""Forms are read whatever the order of their attributes, and refused where something is missing."""

import html
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault_pim.domain.errors import UnknownShape
from vault_pim.pim.pages import ROLE_FORM, messages, read_login_form, read_role_form

LOGIN = """<!DOCTYPE html><html><head>
<script>var x = "<input name='_csrf_token' value='from a script'>";</script></head>
<body class="AknLogin"><!-- <form><input name="_username"></form> -->
<form method="get" action="/search"><input name="q"></form>
<FORM class="Form form-signin" method="post" action="/pim/user/login-check">
<input value="" required="required" name="_username" id="username_input" type="text" autofocus/>
<INPUT NAME='_password' TYPE='password' autocomplete=off>
<input value="on" type="checkbox" name="_remember_me"/>
<input type="hidden" value="" name="_target_path"/>
<input value="a.b&amp;c" type=hidden name=_csrf_token >
<input name="sso_hint" type="hidden" value="1"/></form></body></html>"""


def attributes(pairs: list[tuple[str, str | None]], seed: int) -> str:
    """The attributes of a tag in some order."""
    random.Random(seed).shuffle(pairs)
    return " ".join(name if value is None else f'{name}="{html.escape(value)}"' for name, value in pairs)


def role_page(privileges: dict[str, bool], *, label: str = "ERP", seed: int = 0) -> str:
    """A role page as a PIM of 263 kB renders it, with much beside what we read."""
    rows = []
    for index, (name, held) in enumerate(privileges.items()):
        place = f"{ROLE_FORM}[{'api' if index % 2 else 'action'}][{index}]"
        box: list[tuple[str, str | None]] = [
            ("type", "checkbox"), ("name", f"{place}[permissions][EXECUTE][accessLevel]"), ("value", "1"),
            ("class", "hide"), ("id", f"f_{index}"),
        ]  # fmt: skip
        identity: list[tuple[str, str | None]] = [
            ("type", "hidden"), ("name", f"{place}[identity][id]"), ("value", f"action:{name}"), ("id", f"i_{index}"),
        ]  # fmt: skip
        rows += [
            f"<div class='acl-permission'><input {attributes(identity, seed + index)}>",
            f"<input name='{place}[permissions][EXECUTE][name]' type='hidden' value='EXECUTE'>",
            f"<input {attributes([*box, ('checked', 'checked')] if held else box, seed - index)}/>",
            f"<span class='AknFieldContainer-label'>{html.escape(name)}</span></div>{' ' * 1000}",
        ]
    return (
        f"<script>require(['x'], function () {{ return '<form><input name=\"{ROLE_FORM}[label]\">'; }});</script>"
        f'<form method="post" action="/user/role/create"><input value="{html.escape(label)}" name="{ROLE_FORM}[label]">'
        f"{''.join(rows)}<input name='{ROLE_FORM}[_token]' value='t' type='hidden'></form>"
    )


def test_login_form_gives_its_hidden_fields() -> None:
    """The token, and whatever else an edition may have added; nothing from scripts or comments."""
    fields = {name: value.get_secret_value() for name, value in read_login_form(LOGIN).items()}
    assert fields == {"_target_path": "", "_csrf_token": "a.b&c", "sso_hint": "1"}


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("/pim/user/login-check", "https://sso.example.com/saml"),
        ("name=_csrf_token", "name=_other"),
        ('value="a.b&amp;c"', 'value=""'),
        ('name="_username"', 'name="email"'),
    ],
)
def test_login_form_of_another_shape_is_refused(was: str, now: str) -> None:
    """A password is typed into no form that is not the PIM's own."""
    assert was in LOGIN
    with pytest.raises(UnknownShape):
        read_login_form(LOGIN.replace(was, now))


@given(
    privileges=st.dictionaries(st.from_regex(r"[a-z_]{3,30}", fullmatch=True), st.booleans(), min_size=1, max_size=12),
    label=st.text(st.characters(exclude_categories=("Cc", "Cs", "Z")), max_size=25),
    seed=st.integers(0, 1000),
)
def test_role_form_gives_what_was_rendered(privileges: dict[str, bool], label: str, seed: int) -> None:
    """Label and privileges come back whatever the order of attributes and whatever must be escaped."""
    form = read_role_form(role_page(privileges, label=label, seed=seed))
    assert form.privileges == privileges
    assert form.label == label
    assert form.granted == {name for name, held in privileges.items() if held}


def test_privilege_rendered_twice_counts_as_held_if_one_box_is_checked() -> None:
    """To be told apart from a role that does not hold it, even where a page contradicts itself."""
    again = (
        f"<input name='{ROLE_FORM}[again][0][identity][id]' value='action:a'>"
        f"<input name='{ROLE_FORM}[again][0][permissions][EXECUTE][accessLevel]' type='checkbox' checked>"
    )
    page = role_page({"a": False, "b": True}).replace("</form>", f"{again}</form>")
    assert read_role_form(page).privileges == {"a": True, "b": True}


def test_form_as_large_as_a_pims_is_read() -> None:
    """263 kB and 155 privileges, as PIM 7.0.22 has them."""
    privileges = {f"pim_privilege_{index}": index % 3 == 0 for index in range(155)}
    page = role_page(privileges)
    assert len(page) > 200_000
    assert read_role_form(page).privileges == privileges


@pytest.mark.parametrize("ending", ["[_token]", "[label]", "[identity][id]"])
def test_role_form_of_another_shape_is_refused(ending: str) -> None:
    """A page without token, label or the names of its privileges is not written to."""
    with pytest.raises(UnknownShape):
        read_role_form(role_page({"a": True, "b": False}).replace(ending, "[other]"))


def test_checked_box_of_an_unnamed_privilege_is_refused() -> None:
    """The role would hold something that we cannot name, nor take away."""
    box = f"<input name='{ROLE_FORM}[api][77][permissions][EXECUTE][accessLevel]' type='checkbox' checked>"
    with pytest.raises(UnknownShape):
        read_role_form(role_page({"a": True}).replace("</form>", f"{box}</form>"))


def test_messages_are_told_once_and_short() -> None:
    """As the releases show them: beside the field, above the form, in the login page's helper."""
    page = (
        '<div class="AknMessageBox message">This value is  already\n used.</div><div class="Helper"><span class="Text">'
        'Invalid <b>credentials</b>.</span></div><i data-original-title="Too long." class="x validation-tooltip"></i>'
        f'<p class="message">This value is already used.</p><p class="message">{"x" * 1000}</p><p>Else</p>'
    )
    told = messages(page)
    assert told[0] == "This value is already used."
    assert "Too long." in told
    assert len(told) == len(set(told))
    assert max(map(len, told)) == 200
    assert "Else" not in told
