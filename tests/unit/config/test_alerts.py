"""
`alerts` of treasury.yaml: its defaults, its own figures, and what is wrong with it.
"""

from bursar.config import AlertKind
from tests.unit.config.support import SMALL, load, only_problem, replaced

USDC = 10**6
CHANNELS = """\
alerts:
  channels:
    slack: {url_file: slack.url}
    email: {url_file: email.url}
    pager: {url_env: PAGER_URL}
"""


def test_alerts__nothing_given__are_those_of_t39() -> None:
    """Below 10,000 USDC, 80 % of a daily limit, sensitivity high; other tokens are not judged."""
    alerts = load(SMALL).alerts
    assert alerts.low_of("USDC", 6) == 10_000 * USDC
    assert alerts.low_of("USDC", 18) == 10_000 * 10**18
    assert alerts.low_of("NATIVE", 18) == 0
    assert alerts.daily_limit_percent == 80
    assert alerts.unusual_spending == "high"


def test_alerts__off__are_not_raised() -> None:
    """An empty mapping says that no balance is low, `off` that no limit is near."""
    off = "balance_below: {}, daily_limit_percent: off, unusual_spending: off"
    alerts = load(SMALL + f"alerts: {{{off}}}\n").alerts
    assert alerts.low_of("USDC", 6) == 0
    assert alerts.daily_limit_percent is None
    assert alerts.unusual_spending is None


def test_wallet__alert_below__is_its_own() -> None:
    """In base units; off is 0, which no balance is below."""
    for text, units in (("700.5", 700_500_000), ("off", 0)):
        changed = replaced(SMALL, "max_balance: 5000", f"max_balance: 5000, alert_below: {text}")
        (token,) = load(changed).wallets[0].tokens
        assert token.alert_below == units
    assert load(SMALL).wallets[0].tokens[0].alert_below is None


def test_routes__nothing_given__low_balances_go_to_slack_and_email() -> None:
    """T39: and what has no channels by default goes to all of them."""
    alerts = load(SMALL + CHANNELS).alerts
    assert alerts.channels_of(AlertKind.BALANCE_LOW) == ("slack", "email")
    assert alerts.channels_of(AlertKind.LIMIT_NEAR) == ("slack",)
    assert alerts.channels_of(AlertKind.UNDECLARED) == ("slack", "email", "pager")


def test_routes__no_channel_of_the_usual_name__go_to_all() -> None:
    """An alert that nobody is told of is the one thing that nobody wants."""
    alerts = load(SMALL + "alerts: {channels: {ops: {url_env: OPS}}}\n").alerts
    assert alerts.channels_of(AlertKind.BALANCE_LOW) == ("ops",)


def test_routes__given__hold() -> None:
    """An empty list is nobody."""
    text = SMALL + CHANNELS + "  routes: {wallet_balance_low: [pager], undeclared_spend: []}\n"
    alerts = load(text).alerts
    assert alerts.channels_of(AlertKind.BALANCE_LOW) == ("pager",)
    assert alerts.channels_of(AlertKind.UNDECLARED) == ()


def test_routes__of_an_unknown_kind_or_channel__say_which_is_meant() -> None:
    """Misspelled, an alert would go nowhere."""
    kind = only_problem(SMALL + CHANNELS + "  routes: {wallet_balance_lo: [slack]}\n")
    assert (kind.message, kind.found) == ("no such kind of alert", "wallet_balance_lo")
    assert "wallet_balance_low" in kind.fix
    channel = only_problem(SMALL + CHANNELS + "  routes: {undeclared_spend: [slak]}\n")
    assert (channel.message, channel.found) == ("no such channel", "slak")


def test_channel__without_a_place_or_with_two__is_wrong() -> None:
    """Which one would be taken must not have to be guessed."""
    none = only_problem(SMALL + "alerts: {channels: {ops: {}}}\n")
    assert (none.key, none.fix) == ("alerts.channels.ops", "add url_file or url_env, one of them")
    both = only_problem(SMALL + "alerts: {channels: {ops: {url_file: a, url_env: B}}}\n")
    assert both.message == "both a file and a variable"


def test_channel__called_log__is_refused() -> None:
    """The keeper's own log has that name, and is always told."""
    problem = only_problem(SMALL + "alerts: {channels: {log: {url_env: A}}}\n")
    assert (problem.key, problem.fix) == ("alerts.channels.log", "choose another name")


def test_balance_below__of_an_unknown_token__is_wrong() -> None:
    """A token that the file does not know has no decimals."""
    problem = only_problem(SMALL + "alerts: {balance_below: {USDT: 5}}\n")
    assert (problem.key, problem.message) == ("alerts.balance_below.USDT", "no such token")
