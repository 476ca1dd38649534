"""Normalisers by example, in several scripts."""

import sys

import pytest

from leadflow.errors import AdapterUnavailableError, InvalidValueError, NotFoundError
from leadflow.normalise import normaliser, normalisers, parse_email


def key(spec, text):
    return normaliser(spec).function(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ana.Kos@EXAMPLE.si", "ana.kos@example.si"),
        ("  ana@example.si.\u200b", "ana@example.si"),
        ("\ufeffana@example.si", "ana@example.si"),
        ("a+x@example.si", "a+x@example.si"),
        ("a.b@gmail.com", "a.b@gmail.com"),
        ("o'hara@example.ie", "o'hara@example.ie"),
        ("STRASSE.Straße@example.si", "strasse.strasse@example.si"),
        ("user@bücher.example", "user@xn--bcher-kva.example"),
        ("user@BÜCHER.example", "user@xn--bcher-kva.example"),
        ("user@bu\u0308cher.example", "user@xn--bcher-kva.example"),
        ("user@straße.de", "user@xn--strae-oqa.de"),
        ("user@例え。テスト", "user@xn--r8jz45g.xn--zckzah"),
        ("user@xn--bcher-kva.example", "user@xn--bcher-kva.example"),
        ("почта@пример.рф", "почта@xn--e1afmkfd.xn--p1ai"),
        ("İlker@example.com.tr", "i\u0307lker@example.com.tr"),
        ("user@аpple.com", "user@xn--pple-43d.com"),  # Cyrillic а: stays apart from apple.com
    ],
)
def test_email_keys(text, expected):
    """B8-63, RFC 6531 row, G77."""
    assert key("email", text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "ana",
            "@example.si",
            "ana@",
            "ana@example",
            "ana@@example.si",
            "ana kos@example.si",
            '"ana"@example.si',
        ),
        *("ana@[127.0.0.1]", "ana@127.0.0.1", "ana(x)@example.si", "Ana <ana@example.si>", ".ana@example.si"),
        *(
            "ana.@example.si",
            "a..b@example.si",
            "ana@-example.si",
            "ana@example-.si",
            "ana@exa_mple.si",
            "ana@.si",
        ),
        *(
            "ana@example..si",
            "ana@xn--999999999.com",
            "ana@xn--a.com",
            "ana@xn---kte.com",
            "ana@ex\u200dample.si",
            "ana@example.s",
        ),
        *(
            "an\na@example.si",
            "ana\x00@example.si",
            "ana@example.si\r\nBcc: x@example.si",
            "\ud800@example.si",
        ),
        *(
            "a" * 65 + "@example.si",
            "a@" + "b" * 64 + ".si",
            "a@" + "b." * 130 + "si",
            "ana@exam…ple.si",
            "ana@⒈com",
        ),
    ],
)
def test_junk_gives_neither_key_nor_address(text):
    """G77: quoted local parts, comments, IP literals, xn-- junk: refused, no crash."""
    assert key("email", text) is None
    assert parse_email(text) is None


def test_the_stored_address_keeps_the_local_part():
    assert parse_email(" Ana.Kos+News@Example.SI ") == "Ana.Kos+News@example.si"
    assert parse_email("Z\u030ciga@BÜCHER.example") == "Z\u030ciga@xn--bcher-kva.example"


@pytest.mark.extra
def test_host_names_agree_with_the_reference():
    """IDNA, UTS 46 non-transitional: what the reference accepts has the same ASCII form here."""
    import idna

    names = [
        "bücher.de",
        "straße.de",
        "βόλος.com",
        "नेपाली.कॉम",
        "日本語.jp",
        "한국.kr",
        "пример.рф",
        "ไทย.com",
        "ÅNGSTRÖM.se",
    ]
    names += ["faß.de", "Ａｂｃ.com", "مثال.إختبار", "דוגמה.טעסט", "உதாரணம்.com", "ශ්‍රී.com", "نامه‌ای.com"]
    for name in names:
        expected = idna.encode(name, uts46=True).decode()
        assert key("email", f"a@{name}") == f"a@{expected}"


def test_the_loose_hint_unites_tags_and_gmail_dots():
    """B8-63: for matching only."""
    assert key("email-loose", "A.na+spring@GoogleMail.com") == key("email-loose", "ana@gmail.com") == "ana@gmail.com"
    assert key("email-loose", "a.na+spring@example.si") == "a.na@example.si"
    assert key("email-loose", "+x@example.si") == "+x@example.si"


@pytest.mark.extra
@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("01 234 56 78", "SI", "+38612345678"),
        ("(01) 234-56-78", "SI", "+38612345678"),
        ("+386 1 234 56 78", "US", "+38612345678"),
        ("00386 1 234 56 78", "SI", "+38612345678"),
        ("00386 1 234 56 78", "ZZ", "+38612345678"),
        ("٠١٢٣٤٥٦٧٨", "SI", "+38612345678"),
        ("+44 (0)20 7946 0958 ext. 12", "SI", "+442079460958;ext=12"),
        ("01 234 56 78", "ZZ", None),
        ("11 111 111", "SI", None),
        ("+386 1 111 11 11", "SI", None),
        ("123", "SI", None),
        ("none", "SI", None),
    ],
)
def test_phone_keys(text, region, expected):
    """B8-63: E.164."""
    assert key(f"phone:{region}", text) == expected


def test_phone_digits():
    assert key("phone-digits", "+386 (0)1 234-56-78") == key("phone-digits", "0038612345678") == "38612345678"
    assert key("phone-digits", "01/234-56-78 x 9") == "012345678;ext=9"
    for junk in ("0000000", "1234", "n/a", "1" * 16):
        assert key("phone-digits", junk) is None


SAME_COMPANY = {
    "acme": "Acme | ACME, Inc. | Acme Ltd | acme ltd. | Acme d.o.o. | ACME d. o. o. | Acme GmbH"
    " | Acme GmbH & Co. KG | Acme GmbH&Co.KG | Acme Sp. z o.o. | Acme sp.zo.o. sp. k. | ACME S.p.A. | Acme A/S"
    " | Acme OÜ | Acme Oy Ab | Acme S.à r.l. | Acme S.A. de C.V. | Acme A.Ş. | Acme s.r.o. | Acme Kft."
    " | UAB „Acme“ | Acme Sdn. Bhd. | Acme Pty Ltd | Acme Pvt. Ltd. | Acme Co., Ltd. | PT Acme Tbk"
    " | AB Acme (publ) | Công ty TNHH Acme | Acme B.V.",
    "トヨタ": "株式会社トヨタ | トヨタ株式会社 | ㈱トヨタ | (株)トヨタ | トヨタ | 株式会社 トヨタ",
    "华为技术": "华为技术有限公司 | 华为技术",
    "카카오": "(주)카카오 | 주식회사 카카오 | 카카오",
    "ромашка": "ООО «Ромашка» | Ромашка ООО | ТОВ Ромашка",
    "smith and sons": "Smith & Sons Limited | Smith and Sons",
    "muller": "Müller AG | MÜLLER",
    "coca cola": "Coca-Cola Co. | Coca Cola",
}


@pytest.mark.parametrize("expected", SAME_COMPANY)
def test_company_without_legal_form(expected):
    """B8-63, capabilities S001-34: one key however the form is written."""
    assert {key("company", name) for name in SAME_COMPANY[expected].split(" | ")} == {expected}


def test_a_company_does_not_vanish_and_different_ones_stay_apart():
    assert key("company", "GmbH & Co. KG") is not None
    assert key("company", "The Limited") == "the limited"
    kept = ["BHP Group", "Acme Holding", "Acme II", "Acme EU", "SAS Institute", "San Diego Zoo", "Acme UK"]
    assert [key("company", name) for name in kept] == [name.lower() for name in kept]
    for nobody in ("N/A", "none", "Unknown", "freelance", "-", "???"):
        assert key("company", nobody) is None


@pytest.mark.extra
def test_company_cleanco_is_another_policy_under_another_name():
    assert key("company-cleanco", "Acme GmbH & Co. KG") == "acme"
    assert normaliser("company-cleanco").extra == "normalize"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ana@acme.si", "acme.si"),
        ("mailto:ana@acme.si", "acme.si"),
        ("HTTPS://user@WWW.Acme.si:8080/a?b@c#d", "acme.si"),
        ("//acme.si/x", "acme.si"),
        ("acme.si/about", "acme.si"),
        ("www.bücher.example", "xn--bcher-kva.example"),
        ("shop.acme.co.uk", "shop.acme.co.uk"),
        ("ana@gmail.com", None),
        ("ana@mail.yahoo.co.jp", None),
        ("ana@siol.net", None),
        ("https://www.linkedin.com/company/acme", None),
        ("wordpress.com", None),
        ("acme.wordpress.com", "acme.wordpress.com"),
        ("http://192.168.0.1/", None),
        ("http://[::1]/", None),
        ("acme", None),
        ("acme d.o.o.", None),
    ],
)
def test_domain_is_never_free_mail(text, expected):
    """B8-63, issue: domain but never a free-mail domain."""
    assert key("domain", text) == expected


@pytest.mark.extra
def test_registrable_domain():
    assert key("domain-registrable", "ana@shop.acme.co.uk") == "acme.co.uk"
    assert key("domain-registrable", "https://acme.github.io/x") == "acme.github.io"
    assert key("domain-registrable", "ana@mail.gmail.com") is None
    assert key("domain-registrable", "co.uk") is None


def test_turkish_letters():
    """Four ways to write one city are one name; text keeps the dotless i apart."""
    cities = ("İSTANBUL", "Istanbul", "ISTANBUL", "ıstanbul", "istanbul")
    assert {key("name", city) for city in cities} == {"istanbul"}
    assert [key("text", city) for city in cities] == ["istanbul"] * 3 + ["ıstanbul", "istanbul"]


@pytest.mark.parametrize(
    ("text", "as_text", "as_name"),
    [
        ("  Žiga\u00a0 ČUČEK ", "žiga čuček", "ziga cucek"),
        ("STRASSE Straße", "strasse strasse", "strasse strasse"),
        ("ＡＢＣ①", "abc1", "abc1"),
        ("𝐀𝐍𝐀 ℌ", "ana h", "ana h"),
        ("O’Brien", "o’brien", "o'brien"),
        ("Łódź Søren Þór", "łódź søren þór", "lodz soren thor"),
        ("Андрей Ёлкин", "андрей ёлкин", "андрей елкин"),
        ("ガス", "ガス", "ガス"),
        ("हिन्दी", "हिन्दी", "हिन्दी"),
        ("ΟΔΥΣΣΕΎΣ", "οδυσσεύσ", "οδυσσευσ"),
        ("مُحَمَّد", "مُحَمَّد", "محمد"),
        ("Nu\u200bll", "null", "null"),
        ("🦄", "🦄", "🦄"),
        ("a\x00b", "a b", "a b"),
    ],
)
def test_text_and_name(text, as_text, as_name):
    """G76: kept, folded, nothing invisible."""
    assert key("text", text) == as_text
    assert key("name", text) == as_name


def test_null_is_a_name():
    """G75, G76: Null, N/A and TRUE are text like any other."""
    assert [key("text", text) for text in ("Null", "N/A", "TRUE")] == ["null", "n/a", "true"]
    assert [key("exact", text) for text in ("00501", "1E5")] == ["00501", "1E5"]


def test_digits_and_postcode():
    assert key("digits", "SI 12-34") == "1234"
    assert key("digits", "٣٤") == "34"
    codes = {
        "SI-1000": "1000",
        "D-80331": "80331",
        "sw1a 1aa": "SW1A1AA",
        "00501-0001": "00501",
        "100-0001": "1000001",
        "SI-SI-1000": "1000",
        "00-950": "00950",
    }
    assert {text: key("postcode", text) for text in codes} == codes


def test_lone_surrogates_give_no_key():
    for spec in ("exact", "text", "name", "company", "email", "postcode"):
        assert key(spec, "a\ud800b") is None


def test_names_and_versions():
    for name, each in normalisers().items():
        assert each.name == name
        assert each.version >= 1
        assert each.label == f"{name}@{each.version}"
    with pytest.raises(TypeError):
        normalisers()["mine"] = normaliser("text")
    assert normaliser("phone: si").name == "phone:SI"


@pytest.mark.parametrize(
    "spec", ["phone", "phone:", "phone:Slovenia", pytest.param("phone:QQ", marks=pytest.mark.extra), "email:SI"]
)
def test_a_wrong_parameter_is_refused(spec):
    with pytest.raises(InvalidValueError):
        normaliser(spec)


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(NotFoundError, match="did you mean company"):
        normaliser("compny")


@pytest.mark.extra
@pytest.mark.parametrize(
    ("spec", "package"),
    [("phone:SI", "phonenumbers"), ("company-cleanco", "cleanco"), ("domain-registrable", "tldextract")],
)
def test_a_missing_extra_is_an_error_with_the_command(spec, package, monkeypatch):
    """House, identity: a strategy whose extra is missing is refused rather than degraded."""
    from leadflow.normalise import domains

    domains.suffix_splitter.cache_clear()
    monkeypatch.setitem(sys.modules, package, None)
    each = normaliser(spec)
    for use in (each.require, lambda: each.function("+386 1 234 56 78")):
        with pytest.raises(AdapterUnavailableError, match=r"pip install 'leadflow\[normalize\]'"):
            use()


def test_normalisers_without_an_extra_need_nothing():
    for each in normalisers().values():
        if each.extra is None:
            each.require()
