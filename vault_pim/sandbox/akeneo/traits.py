"""The traits in which PIM releases differ, area by area: the columns that surfaces ask.

A column says what a PIM answers, not which release it is. `releases` has one row of them per release.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class WebTraits:
    """HTTP as every surface has it.

    Attributes:
        form_title: of the pages with a form.
        interface_cache: the `Cache-Control` of the interface.
        api_cache: that of the web API.
        grant_cache: that of a granted token.
        refusal_cache: that of a refused one.
        challenge_cache: that of a refusal in the OAuth library's own shape.
        cookie_attributes: behind every cookie,
        session_attributes: and behind the session's.
        session_cookie: when an answer sets it: `new` for a new session only, `used` for every one that is used, `any`
            for every browser that shows none.
        early_cookie: attributes of the session cookie that PHP sends with an early error; empty where it sends none.
        types_empty_answers: whether an answer without a body says that it is HTML.
        names_whole_urls: whether "No route found" names the address with its host.
        allows_head: whether an `Allow` names HEAD beside GET.
        forgives_slash: whether a path that is one slash away from a route is redirected to it.
    """

    form_title: str
    interface_cache: str
    api_cache: str
    grant_cache: str
    refusal_cache: str
    challenge_cache: str
    cookie_attributes: str
    session_attributes: str
    session_cookie: Literal["new", "used", "any"]
    early_cookie: str
    types_empty_answers: bool
    names_whole_urls: bool
    allows_head: bool
    forgives_slash: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginTraits:
    """The login form and what a session outlives.

    Attributes:
        anonymous_sees_form: whether the login form is the answer (401), and not a way to it (302).
        front_sees_form: the same for `/`.
        lock_counts: what locks an account for five minutes when there are five of it: wrong `passwords`, of which those
            of more than five minutes ago are forgotten; `failures` of any kind, forgotten at a success alone.
        strangers_see_form: whether a name that may not use the form is answered with the form (401).
        failure_keeps_cookies: whether a failed login sets no cookie.
        logout_drops_session: whether a logout drops the session cookie, and not only the one that remembers.
        disabled_message: the reason a disabled user with the right password is shown.
        masks_csrf: whether a CSRF token looks different at each showing.
        ended_forgets: whether the answer that finds a login ended drops the remember-me cookie.
        ends_with_password: whether a session ends with the user's password, or
        ends_with_name: with the user's name, or
        ends_with_disabling: when the user is disabled.
    """

    anonymous_sees_form: bool
    front_sees_form: bool
    lock_counts: Literal["nothing", "passwords", "failures"]
    strangers_see_form: bool
    failure_keeps_cookies: bool
    logout_drops_session: bool
    disabled_message: str
    masks_csrf: bool
    ended_forgets: bool
    ends_with_password: bool
    ends_with_name: bool
    ends_with_disabling: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTraits:
    """The role form.

    Attributes:
        form: the prefix of the role form's fields and routes, with `role`; of the group form with `group`.
        redirects: whether a saved form is a redirect to the saved row, and not JSON.
        states_reasons: whether a refused form names the reason at the field and drops the privileges.
        crashes_on_unknown: whether the form of an unknown row is a 500, and not a 404.
        has_rest_list: whether `/rest/user_role/` exists.
        shows_type: whether its rows say their type.
        renames_code: whether a new label is a new code, which the cache of privileges does not know.
        checks_code: whether the code made of a label must be free, and not only the label.
        protects_default: whether the default role cannot be deleted.
        in_use: why a role in use is not deleted.
    """

    form: str
    redirects: bool
    states_reasons: bool
    crashes_on_unknown: bool
    has_rest_list: bool
    shows_type: bool
    renames_code: bool
    checks_code: bool
    protects_default: bool
    in_use: str


@dataclass(frozen=True, slots=True)
class PasswordRule:
    """How many letters a password must have at least, and what is said of fewer and of a repetition that differs."""

    least: int
    too_short: str
    not_repeated: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTraits:
    """Users of the interface.

    Attributes:
        surface: HTML forms that a saved change is answered from by a `redirect` or by nothing (`empty`), or `rest`.
        slash: what the paths of `/rest/...` collections end in.
        password: the rule of a password when a user is created,
        new_password: and when it is changed.
        crashes_without_password: whether creation falls over a missing password.
        caps_password: whether more than 4096 letters are a broken rule, and not the end of the session.
        bare_password_changes: whether `{"password": ...}` alone sets a user's password.
        username_path: where a blank in the name is reported.
        shows_profile: whether a user's JSON has `profile` and `visible_group_ids`.
        refuses_blanks: whether a user name must not hold blanks.
    """

    surface: Literal["redirect", "empty", "rest"]
    slash: str
    password: PasswordRule
    new_password: PasswordRule
    crashes_without_password: bool
    caps_password: bool
    bare_password_changes: bool
    username_path: str
    shows_profile: bool
    refuses_blanks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionTraits:
    """Connections, or the clients that came before them.

    Attributes:
        surface: `connections`, the screen of plain `clients`, or none.
        limit: connections and connected apps together, at most; None for any number.
        auditable: whether a connection can be audited.
        shows_type: whether it says its type.
        events: whether it has event subscriptions and reports wrong combinations of credentials.
        uuid_events: whether a subscription says how it identifies products.
        has_limit_page: whether the limit can be asked for.
        audit_path: where the traffic of the last days is told.
        has_client_relics: whether the routes of the client screen are still there, with nothing behind them.
        apps_path: where the interface lists the apps of developers; empty for nowhere.
        developer_mode: whether the web API lets them be made.
    """

    surface: Literal["connections", "clients", ""]
    limit: int | None
    auditable: bool
    shows_type: bool
    events: bool
    uuid_events: bool
    has_limit_page: bool
    audit_path: str
    has_client_relics: bool
    apps_path: str
    developer_mode: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiTraits:
    """The web API and its tokens.

    Attributes:
        absent_routes: which of the newest release's routes it has not, by name, with wildcards.
        legacy: what the routes of `measure-families` begin with.
        system_information: whether it, and the interface, can be asked for the release.
        unprotected: resources, or what their privileges are about, that ask for nothing beyond overall access.
        dates_categories: whether a category says when it was changed.
        vague_about_products: whether a missing product may also be one that the caller must not see.
        vague_refusals: resources refused with the sentence for missing overall access.
        body_limit: the most bytes of a token request; None for any number.
        challenges: whether a call without a token is refused in the OAuth library's own shape.
        disabled_message: what a disabled user's call is told.
        grants_disabled: whether a disabled user is granted tokens.
        tokens_know_client: whether an access token dies with its client.
    """

    absent_routes: tuple[str, ...]
    legacy: str
    system_information: bool
    unprotected: frozenset[str]
    dates_categories: bool
    vague_about_products: bool
    vague_refusals: frozenset[str]
    body_limit: int | None
    challenges: bool
    disabled_message: str
    grants_disabled: bool
    tokens_know_client: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleTraits:
    """The console.

    Attributes:
        commands: those about credentials.
        version: what `--version` prints.
        log_level: of the line about an uncaught error; empty where there is none.
        error_style: what else shows it: nothing (`line`; the exit status is 255), or a box and the command's synopsis
            (the exit status is the error's own), the box with a file (`box`) or with the error's class (`titled`).
        usage_kind: the class of an error in the command line.
        truncation_kind: the class of a value too long for its column.
        client_insert: the statement that stores a client.
        token_stores: what the clean-up of tokens calls them.
        namespaces: the beginnings of command names it offers where it knows none that was asked for.
        asks_pipes: whether a question is put to what is no terminal.
        labels_by_option: whether a client's label is an option, which may be left out.
        connection_options: of the command that makes connections.
        speaks: whether that command says broken rules in words, and not as keys.
        user_arguments: from which a user can be made; empty where it asks for everything.
    """

    commands: frozenset[str]
    version: str
    log_level: str
    error_style: Literal["line", "box", "titled"]
    usage_kind: str
    truncation_kind: str
    client_insert: str
    token_stores: tuple[str, str, str]
    namespaces: tuple[str, ...]
    asks_pipes: bool
    labels_by_option: bool
    connection_options: frozenset[str]
    speaks: bool
    user_arguments: tuple[str, ...]
