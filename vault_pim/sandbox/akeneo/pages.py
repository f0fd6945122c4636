"""The HTML of a PIM, as far as a program reads it: titles, forms, inputs, messages.

Made for the surfaces that answer with pages. Everything from outside is escaped.
"""

from collections.abc import Iterable
from html import escape

Messages = tuple[Iterable[str], Iterable[str]]


def error(status: int, phrase: str) -> str:
    return _page(
        f"An Error Occurred: {phrase}",
        f'<h1>Oops! An Error Occurred</h1><h2>The server returned a "{status} {phrase}".</h2>'
        "<p>Something is broken. Please let us know what you were doing when this error occurred.</p>",
    )


def redirect(location: str) -> str:
    shown = escape(location)
    return _page(f"Redirecting to {shown}", f'Redirecting to <a href="{shown}">{shown}</a>.')


def front() -> str:
    """The front page of a logged-in user: a shell that loads the application."""
    return _page("Loading...", '<div class="AknDefault-mainContent"></div>')


def login(csrf_token: str, message: str, title: str) -> str:
    """The login form."""
    note = f'<div class="AknMessageBox"><span class="Text">{escape(message)}</span></div>' if message else ""
    return _page(
        title,
        f"""{note}<form action="/user/login-check" method="post">
<input type="text" name="_username" value="" required>
<input type="password" name="_password" required>
<input type="checkbox" name="_remember_me" value="on">
<input type="hidden" name="_target_path" value="">
<input type="hidden" name="_csrf_token" value="{escape(csrf_token)}">
<button type="submit" name="_submit">Login</button></form>""",
    )


def role_form(
    title: str,
    form: str,
    action: str,
    csrf_token: str,
    label: str,
    privileges: Iterable[tuple[str, bool]],
    messages: Messages = ((), ()),
) -> str:
    """The form of a role.

    Args:
        title: of the page; most releases have none.
        form: its name, the prefix of its fields.
        privileges: name and whether granted, one box each; none leaves the boxes out.
        messages: at the label and above the form.
    """
    boxes = "".join(_box(form, index, name, granted) for index, (name, granted) in enumerate(privileges))
    return _entity_form(title, form, action, csrf_token, f"{form}[label]", label, messages, boxes)


def group_form(title: str, form: str, action: str, csrf_token: str, name: str, messages: Messages = ((), ())) -> str:
    """The form of a user group; arguments as for `role_form`."""
    more = '<input type="hidden" name="input_action" value="">'
    return _entity_form(title, form, action, csrf_token, f"{form}[name]", name, messages, more)


def heading(title: str) -> str:
    """The title of a page that is a form and nothing else; most releases have none."""
    return f"<title>{title}</title>" if title else ""


def _entity_form(
    title: str, form: str, action: str, csrf_token: str, field: str, value: str, messages: Messages, inner: str
) -> str:
    at_field, above = messages
    notes = "".join(f'<div class="message">{escape(message)}</div>' for message in above)
    tips = "".join(
        f'<span class="validation-tooltip" data-original-title="{escape(message)}"></span>' for message in at_field
    )
    return (
        heading(title)
        + f"""{notes}<form action="{escape(action)}" method="post">
<input type="text" name="{field}" value="{escape(value)}" required>{tips}
{inner}
<input type="hidden" name="{form}[appendUsers]" value="">
<input type="hidden" name="{form}[removeUsers]" value="">
<input type="hidden" name="{form}[_token]" value="{escape(csrf_token)}">
<button type="submit">Save</button></form>"""
    )


def _box(form: str, index: int, name: str, granted: bool) -> str:
    field = f"{form}[{'api' if name.startswith('pim_api_') else 'action'}][{index}]"
    return f"""<input type="hidden" name="{field}[identity][id]" value="action:{escape(name)}">
<input type="hidden" name="{field}[permissions][EXECUTE][name]" value="EXECUTE">
<input type="checkbox" name="{field}[permissions][EXECUTE][accessLevel]" value="1"{" checked" if granted else ""}>
"""


def _page(title: str, body: str) -> str:
    return f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>{body}</body></html>"
