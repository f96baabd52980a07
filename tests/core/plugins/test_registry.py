"""The registry: names, name clashes and broken plugins."""

import importlib.metadata
import sys
import types

import pytest

from dcmconv.errors import PluginError, UsageError
from dcmconv.hooks import hookimpl
from dcmconv.plugins.discovery import version_satisfies
from dcmconv.plugins.registry import Registry


@pytest.fixture
def installed(monkeypatch):
    """Pretend that distributions with these hook modules are installed."""

    class Distribution:
        def __init__(self, name, requires=()):
            self.name, self.version, self.requires = name, "1.0", list(requires)

    def install(**modules):
        entries = []
        for name, content in modules.items():
            requires = content.pop("requires", ())
            module = types.ModuleType(f"fake_{name}")
            if "raises" in content:
                module = None
            else:
                vars(module).update(content)
            monkeypatch.setitem(sys.modules, f"fake_{name}", module)
            entry = importlib.metadata.EntryPoint(name, f"fake_{name}", "dcmconv")
            vars(entry)["dist"] = Distribution(f"dcmconv-{name}", requires)
            entries.append(entry)
        monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: entries)

    return install


def offering(hook, **names):
    def implementation():
        return names

    implementation.__name__ = hook
    return {hook: hookimpl(implementation)}


def test_built_ins_come_through_the_same_hooks():
    assert {"bone", "gray"} <= set(Registry.discover(only=()).names("colormap"))


def test_unknown_name_gets_a_suggestion():
    with pytest.raises(UsageError, match="Unknown normalizer 'minmix'") as caught:
        Registry.discover(only=()).find("normalizer", "minmix")

    assert "Did you mean 'minmax'?" in caught.value.hint
    assert "dcmconv plugins list" in caught.value.hint


def test_name_clash_matters_only_for_the_short_name(installed):
    installed(acme=offering("dcmconv_colormaps", bone="acme:Bone", own="acme:Own"))
    registry = Registry.discover()

    assert registry.find("colormap", "own").plugin == "acme"
    assert registry.find("colormap", "acme/bone").target == "acme:Bone"
    with pytest.raises(UsageError, match=r"2 plugins offer a colormap named 'bone'") as caught:
        registry.find("colormap", "bone")
    assert "acme/bone" in caught.value.hint
    assert "dcmconv/bone" in caught.value.hint


def test_broken_plugin_leaves_the_others_usable(installed):
    installed(broken={"raises": True}, fine=offering("dcmconv_colormaps", own="fine:Own"))
    registry = Registry.discover()

    assert registry.find("colormap", "own").plugin == "fine"
    assert [problem.plugin for problem in registry.problems] == ["broken"]
    with pytest.raises(UsageError) as caught:
        registry.find("colormap", "sepia")
    assert "dcmconv-broken 1.0" in caught.value.hint


@pytest.mark.parametrize("error", [RuntimeError, SystemExit])
def test_raising_hook_leaves_the_other_hooks_usable(installed, error):
    def dcmconv_writers():
        raise error("no license")

    installed(
        acme={
            **offering("dcmconv_colormaps", own="acme:Own"),
            "dcmconv_writers": hookimpl(dcmconv_writers),
        }
    )
    registry = Registry.discover()

    assert registry.find("colormap", "own").plugin == "acme"
    assert f"dcmconv_writers raised {error.__name__}: no license" in str(registry.problems[0])


@pytest.mark.parametrize(
    ("offers", "fault"),
    [
        ({"own": None}, "dcmconv_colormaps offers None as 'own'; expected 'module:Class'"),
        ({"own": ("acme:Own", "x")}, "offers ('acme:Own', 'x') as 'own'; expected 'module:Class'"),
        ({"own": "acme.Own"}, "offers 'acme.Own' as 'own'; expected 'module:Class'"),
        ({7: "acme:Own"}, "offers 'acme:Own' as 7; expected a name"),
    ],
)
def test_wrong_offer_leaves_the_other_offers_usable(installed, offers, fault):
    def dcmconv_colormaps():
        return {"fine": "acme:Fine", **offers}

    installed(acme={"dcmconv_colormaps": hookimpl(dcmconv_colormaps)})
    registry = Registry.discover()

    assert registry.find("colormap", "fine").plugin == "acme"
    assert "own" not in registry.names("colormap")
    assert fault in str(registry.problems[0])


def test_unknown_hook_is_reported(installed):
    installed(acme=offering("dcmconv_holograms", x="acme:X"))

    assert "implements the unknown hook 'dcmconv_holograms'" in str(Registry.discover().problems[0])


def test_plugin_for_a_later_version_is_not_imported(installed):
    installed(acme={"raises": True, "requires": ["dcmconv>=99"]})

    assert "needs dcmconv>=99" in str(Registry.discover().problems[0])


def test_plugins_are_left_out_by_name_or_environment(installed, monkeypatch):
    installed(acme=offering("dcmconv_colormaps", own="acme:Own"))

    assert "own" not in Registry.discover(left_out=["acme"]).names("colormap")
    assert "own" not in Registry.discover(left_out=["dcmconv-acme"]).names("colormap")
    monkeypatch.setenv("DCMCONV_PLUGINS", "")
    assert "own" not in Registry.discover().names("colormap")
    monkeypatch.setenv("DCMCONV_PLUGINS", "acme")
    assert "own" in Registry.discover().names("colormap")


def test_target_must_be_a_component_class(installed):
    installed(acme=offering("dcmconv_colormaps", own="json:dumps"))

    with pytest.raises(PluginError, match="is not a component class") as caught:
        Registry.discover().load("colormap", "own")
    assert "--no-plugin acme" in caught.value.hint


def test_exception_of_an_observer_is_a_warning(installed):
    def dcmconv_record(outcome):
        raise ValueError("full")

    installed(acme={"dcmconv_record": hookimpl(dcmconv_record)})

    with pytest.warns(RuntimeWarning, match="plugin 'acme' raised ValueError: full"):
        Registry.discover().events.record(None)


@pytest.mark.parametrize(
    ("version", "specifiers", "fits"),
    [
        ("1.2.0", ">=1.2,<2", True),
        ("2.0", ">=1.2,<2", False),
        ("1.2", "==1.2.0", True),
        ("1.4.1", "~=1.4.0", True),
        ("1.5", "~=1.4.0", False),
        ("0.1.0", "", True),
        ("0.1.0", "!=0.1.0", False),
    ],
)
def test_versions_are_compared_by_their_numbers(version, specifiers, fits):
    assert version_satisfies(version, specifiers) is fits


def test_undeclared_option_is_a_plugin_error(installed, monkeypatch):
    from dataclasses import dataclass

    from dcmconv.model.components import Colormap

    @dataclass(frozen=True, kw_only=True)
    class Careless(Colormap):
        mode: str = "none"

        def table(self):
            raise NotImplementedError

    installed(acme=offering("dcmconv_colormaps", own="fake_parts:Careless"))
    module = types.ModuleType("fake_parts")
    module.Careless = Careless
    monkeypatch.setitem(sys.modules, "fake_parts", module)

    with pytest.raises(
        PluginError, match=r"declares its options wrongly: Careless\.mode has no Opt"
    ) as no:
        Registry.discover().load("colormap", "own")
    assert "--no-plugin acme" in no.value.hint
