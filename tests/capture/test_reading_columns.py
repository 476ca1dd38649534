"""Column mapping: by name in many languages, by content, by what the user said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadflow.capture.reading import map_columns
from leadflow.errors import InvalidValueError

SALESFORCE = {
    "Lead ID": "key",
    "First Name": "contact.first_name",
    "Last Name": "contact.last_name",
    "Title": "contact.title",
    "Company / Account": "account.name",
    "Email": "contact.email",
    "Phone": "contact.phone",
    "Lead Source": "lead.source",
    "Lead Status": "lead.state",
    "Zip/Postal Code": "contact.postcode",
    "State/Province": "contact.region",
    "Country": "contact.country",
    "No. of Employees": "account.employees",
    "Annual Revenue": "account.revenue",
    "Lead Owner": "lead.owner",
    "Created Date": "at",
}
HUBSPOT = {
    "Record ID": "key",
    "firstname": "contact.first_name",
    "lastname": "contact.last_name",
    "email": "contact.email",
    "Phone Number": "contact.phone",
    "jobtitle": "contact.title",
    "Associated Company": "account.name",
    "Lifecycle Stage": "lead.stage",
    "hs_lead_status": "lead.state",
    "Country/Region": "contact.country",
    "Website URL": "account.domain",
    "Create Date": "at",
    "hubspot_owner_id": "lead.owner",
    "Original Source": "contact.source",
}
DYNAMICS = {
    "(Do Not Modify) Lead": "key",
    "emailaddress1": "contact.email",
    "telephone1": "contact.phone",
    "companyname": "account.name",
    "Address 1: City": "contact.city",
    "Address 1: ZIP/Postal Code": "contact.postcode",
    "Address 1: Country/Region": "contact.country",
    "Status Reason": "lead.state",
    "numberofemployees": "account.employees",
    "Created On": "at",
}
GOOGLE = {
    "Given Name": "contact.first_name",
    "Family Name": "contact.last_name",
    "E-mail 1 - Value": "contact.email",
    "Phone 1 - Value": "contact.phone",
    "Organization 1 - Name": "account.name",
    "Organization 1 - Title": "contact.title",
    "Address 1 - City": "contact.city",
    "Address 1 - Postal Code": "contact.postcode",
    "Website 1 - Value": "account.domain",
}
OUTLOOK = {
    "First Name": "contact.first_name",
    "E-mail Address": "contact.email",
    "Business Phone": "contact.phone",
    "Company": "account.name",
    "Job Title": "contact.title",
    "Business City": "contact.city",
    "Business Postal Code": "contact.postcode",
    "Business Country/Region": "contact.country",
    "Web Page": "account.domain",
}


@pytest.mark.parametrize("export", [SALESFORCE, HUBSPOT, DYNAMICS, GOOGLE, OUTLOOK])
def test_exports_of_crms_and_address_books(export):
    mapping = map_columns(list(export))
    assert mapping.targets == export
    assert not mapping.unmapped
    assert min(guess.confidence for guess in mapping.guesses) >= 0.7


@pytest.mark.parametrize(
    "header",
    [
        "E-Mail-Adresse, Vorname, Nachname, Firma, Telefon, PLZ, Ort, Land",
        "Courriel, Prénom, Nom de famille, Société, Téléphone, Code postal, Ville, Pays",
        "Correo electrónico, Nombre, Apellidos, Empresa, Teléfono, Código postal, Ciudad, País",
        "E-mail, Nome proprio, Cognome, Azienda, Telefono, CAP, Città, Paese",
        "E-naslov, Ime, Priimek, Podjetje, Telefonska številka, Poštna številka, Mesto, Država",
        "E-mail, Imię, Nazwisko, Nazwa firmy, Numer telefonu, Kod pocztowy, Miasto, Państwo",
        "E-mailová adresa, Jméno, Příjmení, Společnost, Telefonní číslo, PSČ, Město, Země",
        "E-posta, Adı, Soyadı, Şirket, Telefon numarası, Posta kodu, Şehir, Ülke",
        "Электронная почта, Имя, Фамилия, Компания, Телефон, Индекс, Город, Страна",
        "メールアドレス, 名, 姓, 会社名, 電話番号, 郵便番号, 市, 国",
        "이메일, 이름, 성, 회사, 전화번호, 우편번호, 도시, 국가",
        "البريد الإلكتروني, الاسم الأول, اسم العائلة, الشركة, رقم الهاتف, zip, المدينة, البلد",
    ],
)
def test_headers_in_many_languages(header):
    order = ["contact.email", "contact.first_name", "contact.last_name", "account.name", "contact.phone"]
    order += ["contact.postcode", "contact.city", "contact.country"]
    for written in (header, header.upper(), header.replace(" ", "_")):
        columns = [name.strip("_ ") for name in written.split(",")]
        assert list(map_columns(columns).targets.values()) == order


def test_company_words_make_it_the_company():
    mapping = map_columns(["Company Phone", "Billing City", "Mailing City", "Account Industry"])
    assert list(mapping.targets.values()) == ["account.phone", "account.city", "contact.city", "account.industry"]


def test_a_phone_goes_before_a_mobile_and_the_rest_is_reported():
    mapping = map_columns(["Mobile Phone", "Phone", "E-mail 1 - Value", "E-mail 2 - Value"])
    assert mapping.targets == {"Phone": "contact.phone", "E-mail 1 - Value": "contact.email"}
    assert [each.code for each in mapping.findings] == ["second_column", "second_column"]
    assert map_columns(["Mobile Phone"]).targets == {"Mobile Phone": "contact.phone"}


def test_what_the_user_says_goes_before_every_guess():
    """G74: mapping confirmed."""
    mapping = map_columns(["Email", "Other", "Phone"], explicit={"Other": "contact.email", "Phone": ""})
    assert mapping.targets == {"Other": "contact.email"}
    assert mapping.guesses[0].confidence == 1.0
    assert mapping.unmapped == ("Email", "Phone")
    with pytest.raises(InvalidValueError, match="did you mean 'Email'"):
        map_columns(["Email"], explicit={"Emial": "contact.email"})


ROWS = [
    {"a": "ana@example.si", "b": "+386 1 234 56 78", "c": "https://acme.si", "d": "Ana", "e": ""},
    {"a": "bo@example.com", "b": "01 234 56 79", "c": "www.beta.si", "d": "Bo", "e": ""},
]


def rows(*columns):
    return [dict(zip(columns, row.values(), strict=False)) for row in ROWS]


def test_swapped_columns_are_found_by_their_content():
    """G74: two files with swapped columns."""
    mapping = map_columns(["Phone", "Email"], rows("Phone", "Email"))
    assert {(each.code, each.column) for each in mapping.findings} == {
        ("swapped_columns", "Phone"),
        ("swapped_columns", "Email"),
    }
    assert not map_columns(["Email", "Phone", "Website"], rows("Email", "Phone", "Website")).findings


def test_an_address_in_a_name_column_is_found():
    mapping = map_columns(["First name", "Telefon"], rows("First name", "Telefon"))
    assert [(each.code, each.column) for each in mapping.findings] == [("content_mismatch", "First name")]


def test_a_column_of_addresses_without_a_known_name_is_guessed_weakly():
    mapping = map_columns(["x1", "x2", "x3"], rows("x1", "x2", "x3"))
    assert {each.column: (each.target, each.confidence) for each in mapping.guesses} == {
        "x1": ("contact.email", 0.5),
        "x3": ("account.domain", 0.5),
    }
    assert mapping.unmapped == ("x2",)


def test_a_file_without_header_is_noticed_and_not_repeated_in_the_message():
    [finding] = map_columns(["ana@example.si", "Ana"]).findings
    assert finding.code == "no_header"
    assert "ana@" not in finding.message + finding.column


@given(header=st.lists(st.text(max_size=12) | st.sampled_from(list(SALESFORCE)), max_size=8, unique=True))
def test_every_column_is_mapped_once_or_unmapped(header):
    mapping = map_columns(header)
    assert sorted([*mapping.targets, *mapping.unmapped]) == sorted(header)
    assert len(set(mapping.targets.values())) == len(mapping.targets)
