"""How columns are called: by CRM exports, address books and people, in many languages."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

_NAMES: Final = {
    "contact.email": """
        email, e-mail, mail, email address, e-mail address, email address 1, email 1 value, e-mail 1 value,
        work email, business email, primary email, person email, epost, e-post, e-posta, eposta, e-posta adresi,
        e-posti aadress, correo, correo electrónico, correo electronico, email laboral, courriel,
        adresse e-mail, adresse mail, adresse électronique, adresse courriel, mailadresse, e-mail-adresse,
        email-adresse, mejl, e-postadress, e-postadresse, sähköposti, sähköpostiosoite, e-mail cím, email cím,
        e-pasts, el. paštas, elektroninis paštas, adres e-mail, adres email, poczta, e-mailová adresa, e-naslov,
        elektronski naslov, elektronska pošta, endereço de e-mail, endereço de email, indirizzo email,
        indirizzo e-mail, posta elettronica, adresă de email, почта, электронная почта, эл. почта, емейл, имейл,
        електронна пошта, електронна поща, ηλεκτρονικό ταχυδρομείο, メール, メールアドレス, eメール, 邮箱,
        电子邮件, 电子邮箱, 電子郵件, 電郵, 이메일, 이메일 주소, 메일, البريد الإلكتروني, بريد إلكتروني, דוא"ל,
        אימייל, ईमेल, อีเมล, thư điện tử, địa chỉ email""",
    "contact.phone": """
        phone, telephone, tel, tel., phone number, telephone number, telephone 1, phone 1 value, business phone,
        work phone, office phone, direct phone, primary phone, contact number, telefon, telefonnummer,
        telefonszám, telefonas, telefons, telefonska številka, telefonski broj, broj telefona, téléphone,
        numéro de téléphone, teléfono, telefono, telefone, número de telefone, número de teléfono,
        numero di telefono, telefoon, telefoonnummer, puhelin, puhelinnumero, sími, numer telefonu,
        telefonní číslo, telefónne číslo, număr de telefon, телефон, номер телефона, номер телефону, τηλέφωνο,
        telefon numarası, 電話, 電話番号, 电话, 电话号码, 전화, 전화번호, هاتف, رقم الهاتف, טלפון, फ़ोन,
        โทรศัพท์, điện thoại, số điện thoại""",
    "contact.phone:other": """
        mobile, mobile phone, mobile number, mobile phone number, cell, cell phone, cellphone, handy, mobil,
        mobiltelefon, mobilnummer, portable, móvil, celular, cellulare, telemóvel, mobiel, gsm, matkapuhelin,
        mobitel, mobilni telefon, komórka, мобильный, мобильный телефон, cep telefonu, 携帯, 携帯電話, 手机,
        手机号码, 휴대폰, home phone, other phone, assistant phone, fax phone""",
    "contact.first_name": """
        first name, firstname, given name, forename, vorname, prénom, prenom, nombre, primer nombre,
        nome proprio, primeiro nome, voornaam, förnamn, fornavn, etunimi, eesnimi, vārds, vardas, imię, jméno,
        křestní jméno, meno, keresztnév, utónév, ime, prenume, ad, adı, имя, ім'я, собствено име, όνομα, 名,
        名前(名), 이름, الاسم الأول, שם פרטי, tên""",
    "contact.last_name": """
        last name, lastname, surname, family name, nachname, familienname, zuname, nom, nom de famille,
        apellido, apellidos, primer apellido, cognome, sobrenome, apelido, último nome, achternaam, efternamn,
        efternavn, etternavn, sukunimi, perekonnanimi, uzvārds, pavardė, nazwisko, příjmení, priezvisko,
        vezetéknév, családnév, priimek, prezime, nume, nume de familie, soyad, soyadı, soyisim, фамилия,
        прізвище, επώνυμο, 姓, 名字, 성, اسم العائلة, اللقب, שם משפחה, họ""",
    "contact.name": """
        name, full name, contact name, contact, display name, person, lead name, vollständiger name,
        ansprechpartner, kontakt, nom complet, nom et prénom, nombre completo, nombre y apellidos,
        nome completo, nominativo, volledige naam, naam, namn, navn, nimi, imię i nazwisko, celé jméno,
        ime in priimek, ime i prezime, teljes név, név, ad soyad, adı soyadı, isim, фио, ф.и.о., полное имя,
        піб, ονοματεπώνυμο, 氏名, お名前, 名前, 姓名, 성명, الاسم, الاسم الكامل, שם מלא""",
    "account.name": """
        company, company name, company / account, account, account name, organization, organisation,
        organization name, organization 1 name, organisation name, employer, business name, associated company,
        parent customer, firma, firmenname, unternehmen, firma/organisation, entreprise, société,
        raison sociale, empresa, nombre de la empresa, compañía, azienda, società, ragione sociale,
        nome da empresa, nome dell'azienda, bedrijf, bedrijfsnaam, företag, virksomhed, firmanavn, yritys,
        ettevõte, uzņēmums, įmonė, nazwa firmy, společnost, spoločnosť, cég, cégnév, podjetje, naziv podjetja,
        tvrtka, poduzeće, preduzeće, companie, şirket, şirket adı, firma adı, компания, организация,
        название компании, компанія, фирма, εταιρεία, 会社, 会社名, 公司, 公司名称, 회사, 회사명, شركة, الشركة,
        חברה, công ty""",
    "account.domain": """
        website, website url, web site, web page, web, url, homepage, company website, company domain,
        company domain name, domain, domain name, website 1 value, internetseite, webseite, webadresse,
        site web, site internet, sitio web, página web, sito web, sito, site, verkkosivu, hjemmeside, hemsida,
        koduleht, strona www, strona internetowa, webová stránka, weboldal, spletna stran, spletno mesto,
        web stranica, pagină web, сайт, веб-сайт, ιστοσελίδα, ウェブサイト, 网站, 웹사이트, الموقع الإلكتروني,
        websiteurl""",
    "account.industry": """
        industry, sector, branche, industrie, secteur, secteur d'activité, sector industrial, settore, setor,
        ala, branża, odvětví, odvetvie, iparág, panoga, dejavnost, industrija, sektör, отрасль, галузь, 業種,
        行业, 업종""",
    "account.employees": """
        employees, number of employees, no. of employees, num employees, numemployees, employee count,
        company size, headcount, mitarbeiter, mitarbeiterzahl, anzahl mitarbeiter, effectif, nombre d'employés,
        empleados, número de empleados, dipendenti, numero dipendenti, funcionários, aantal medewerkers,
        antal anställda, henkilöstö, liczba pracowników, počet zaměstnanců, alkalmazottak, število zaposlenih,
        broj zaposlenih, çalışan sayısı, количество сотрудников, 従業員数, 员工人数""",
    "account.revenue": """
        revenue, annual revenue, turnover, umsatz, jahresumsatz, chiffre d'affaires, ingresos, facturación,
        fatturato, faturamento, omzet, omsättning, liikevaihto, obrót, obrat, árbevétel, prihodki, promet, ciro,
        выручка, 売上, 年收入""",
    "contact.title": """
        title, job title, jobtitle, position, function, role, job, job role, organization title,
        organization 1 title, titel, berufsbezeichnung, funktion, stellung, poste, fonction, intitulé du poste,
        cargo, puesto, posizione, qualifica, ruolo, função, functie, befattning, stilling, titteli, amet, amats,
        pareigos, stanowisko, pozice, pozícia, funkce, beosztás, delovno mesto, funkcija, radno mjesto, funcție,
        unvan, görev, должность, посада, θέση, 役職, 职位, 職稱, 직책, المسمى الوظيفي, תפקיד, chức vụ""",
    "contact.city": """
        city, town, ort, stadt, wohnort, ville, ciudad, città, citta, comune, cidade, localidade, plaats, stad,
        woonplaats, by, poststed, postort, kaupunki, linn, pilsēta, miestas, miasto, miejscowość, město, mesto,
        város, grad, kraj, oraș, localitate, şehir, şehri, город, місто, πόλη, 市, 市区町村, 城市, 도시,
        المدينة, עיר, thành phố""",
    "contact.postcode": """
        postcode, post code, postal code, zip, zip code, zipcode, zip/postal code, plz, postleitzahl,
        code postal, código postal, codigo postal, cp, cap, codice postale, cep, postnummer, postinumero,
        sihtnumber, pasta indekss, pašto kodas, kod pocztowy, psč, psc, irányítószám, poštna številka,
        poštanski broj, cod poștal, posta kodu, индекс, почтовый индекс, поштовий індекс, ταχυδρομικός κώδικας,
        τκ, 郵便番号, 邮编, 邮政编码, 우편번호, מיקוד""",
    "contact.region": """
        region, state, province, state/province, state/region, county, bundesland, kanton, région, département,
        provincia, comunidad autónoma, regione, estado, distrito, provincie, län, fylke, maakunta, maakond,
        województwo, kraj/region, megye, regija, pokrajina, županija, județ, il, область, регион, район, νομός,
        都道府県, 省, 省份, 지역, المنطقة""",
    "contact.country": """
        country, country/region, country code, nation, land, pays, país, pais, paese, nazione, stato, maa, riik,
        valsts, šalis, kraj (państwo), państwo, země, krajina, ország, država, țară, tara, ülke, страна, країна,
        държава, χώρα, 国, 国名, 国家, 國家, 국가, البلد, الدولة, ארץ, מדינה, quốc gia""",
    "contact.language": """
        language, preferred language, locale, sprache, langue, idioma, lingua, língua, taal, språk, sprog,
        kieli, keel, język, jazyk, nyelv, jezik, limbă, dil, язык, мова, γλώσσα, 言語, 语言, 언어, اللغة, שפה""",
    "contact.time_zone": "time zone, timezone, zeitzone, fuseau horaire, zona horaria, fuso orario, časovni pas, 时区",
    "contact.source": """
        source, original source, contact source, original traffic source, quelle, herkunft, provenance, origen,
        fonte, origine, origem, bron, källa, kilde, lähde, źródło, zdroj, forrás, vir, izvor, sursă, kaynak,
        источник, 来源""",
    "contact.consent": """
        consent, consent level, opt-in, opt in, marketing consent, einwilligung, consentement, consentimiento,
        consenso, consentimento, toestemming, samtycke, samtykke, suostumus, zgoda, souhlas, súhlas,
        hozzájárulás, privolitev, soglasje, privola, consimțământ, onay, izin, согласие, згода, 同意""",
    "lead.source": "lead source, leadsource, lead source code, leadquelle, source du lead, fonte lead, 线索来源",
    "lead.campaign": """
        campaign, campaign name, utm campaign, utm_campaign, primary campaign, kampagne, campagne, campaña,
        campagna, campanha, kampanj, kampania, kampaň, kampány, kampanja, campanie, kampanya, кампания, 活动""",
    "lead.page": "page, landing page, page url, first page seen, landingpage, page de destination, pristajalna stran",
    "lead.form": "form, form name, first conversion, formular, formulaire, formulario, modulo, obrazec, форма",
    "lead.product": """
        product, product interest, product of interest, produkt, produit, producto, prodotto, produto, izdelek,
        proizvod, ürün, продукт, 製品, 产品""",
    "lead.event": "event, event name, webinar, veranstaltung, événement, evento, dogodek, etkinlik, мероприятие, 活動",
    "lead.state": "lead status, lead state, leadstatus, hs lead status, status reason, statut du lead, stato lead",
    "lead.stage": "stage, lead stage, lifecycle stage, lifecyclestage, pipeline stage, phase, étape, etapa, fase, faza",
    "lead.owner": """
        owner, lead owner, contact owner, owner id, ownerid, hubspot owner id, account owner, assigned to,
        sales rep, salesperson, besitzer, eigentümer, zuständig, propriétaire, propietario, proprietario,
        responsabile, eigenaar, ägare, właściciel, vlastník, tulajdonos, skrbnik, lastnik, vlasnik, sahibi,
        ответственный, 担当者, 负责人""",
    "key": """
        id, key, record id, lead id, leadid, contact id, contactid, external id, customer id, customer number,
        kundennummer, numéro client, número de cliente, codice cliente, identifikator, (do not modify) lead,
        (do not modify) contact""",
    "at": """
        created, created at, created on, created date, createdate, createddate, create date, createdon,
        date created, submitted at, submission date, submission time, timestamp, date, erstellt, erstellt am,
        erstelldatum, datum, date de création, fecha, fecha de creación, data, data di creazione,
        data de criação, aanmaakdatum, skapad, oprettet, opprettet, luotu, data utworzenia, datum vytvoření,
        létrehozva, ustvarjeno, datum nastanka, oluşturma tarihi, дата, дата создания, 作成日, 创建时间, 생성일""",
}  # fmt: skip

PERSONAL_PREFIXES: Final = (
    "contact",
    "lead",
    "person",
    "primary",
    "business",
    "work",
    "mailing",
    "office",
    "home",
    "address",
)
"""Words before a name that do not change what it means: Mailing City, Business Postal Code."""

COMPANY_PREFIXES: Final = ("company", "account", "billing", "organization", "organisation", "firma")
"""Words before a name that make it the company's: Billing City, Company Phone."""

OTHER = ":other"
"""Ends a target whose column is taken only when no better one is there: a mobile beside a phone."""

_MARKS = re.compile(r"[\u0300-\u036f]")


def header_key(name: str) -> str:
    """A column's name reduced to letters and digits, caseless and without diacritics.

    >>> header_key("E-Mail 1 – Value"), header_key("PRÉNOM"), header_key("first_name")
    ('email1value', 'prenom', 'firstname')
    """
    plain = _MARKS.sub("", unicodedata.normalize("NFD", unicodedata.normalize("NFKC", name).casefold()))
    kept = (char for char in plain if char.isalnum() or unicodedata.category(char)[0] == "M")
    return unicodedata.normalize("NFC", "".join(kept)).replace("ı", "i")


@cache
def known_names() -> dict[str, str]:
    """Target by the key of a known name; a name that several targets share belongs to the first.

    >>> known_names()["nachname"], known_names()["メールアドレス"]
    ('contact.last_name', 'contact.email')
    """
    found: dict[str, str] = {}
    for target, names in _NAMES.items():
        for name in names.split(","):
            found.setdefault(header_key(name), target)
    return found


@cache
def target_names() -> frozenset[str]:
    """Every target that a column can be guessed to hold.

    >>> "account.domain" in target_names()
    True
    """
    return frozenset(target.removesuffix(OTHER) for target in _NAMES)
