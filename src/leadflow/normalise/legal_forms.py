"""Legal forms of companies, by country; dots and spaces inside a form do not matter.

A table of our own, so that a company gets the same key on every machine. Words such as Group, Holding or
Trading are no legal forms and stay. Left out are short forms that usually mean something else at the end of a
name: II (Romania) is a number, EU (Austria) and CA (Venezuela) are places, "zoo" is a zoo.
"""

from __future__ import annotations

from typing import Final

_SUFFIXES: Final = {
    "many": "limited, ltd, incorporated, inc, corporation, corp, company, co, plc, llc, llp, lp, lllp, pllc",
    "GB IE": (
        "cic, cio, dac, clg, ultd, teoranta, teo, cpt, cyf, ccc, public limited company, limited liability partnership"
    ),
    "US CA": "lc, ltee, ltée, limitée, senc, sencrl, ulc, limited liability company",
    "AU NZ ZA": "pty, pty ltd, proprietary, cc, npc, ptyltd",
    "IN PK BD LK": "pvt, private limited, pvt ltd, smc",
    "SG MY BN": "pte, pte ltd, sdn, bhd, sdn bhd, berhad, sendirian",
    "DE AT": (
        "gmbh, ggmbh, mbh, ug, ug haftungsbeschränkt, haftungsbeschränkt, ag, kg, kgaa, ohg, og, gbr, egbr, "
        "partg, partgmbb, eg, ek, ekfm, ev, cokg, cokgaa, coohg, gmbhcokg, gesmbh, gesellschaft mbh, "
        "kommanditgesellschaft, aktiengesellschaft, gesellschaft mit beschränkter haftung, keg, invag"
    ),
    "CH LI": "sarl, sàrl, sagl, gmbh, klg, anstalt",
    "FR BE LU MC": (
        "sa, sas, sasu, sarl, eurl, sarlu, snc, scs, sca, sci, scop, selarl, selas, scp, gie, earl, scea, "
        "sc, bv, bvba, sprl, srl, asbl, vzw, cvba, scrl, cv, comm v, vof, nv, secs, soparfi, société "
        "anonyme, société à responsabilité limitée"
    ),
    "NL": "bv, nv, vof, cv, coöperatie ua, ua, wa, besloten vennootschap, naamloze vennootschap",
    "IT SM": (
        "spa, srl, srls, sapa, sas, snc, scarl, scrl, scpa, sdf, società per azioni, società a "
        "responsabilità limitata, soc coop, arl"
    ),
    "ES LATAM": (
        "sa, sl, slu, sau, sll, slne, slp, scoop, scp, cb, sc, srl, sociedad limitada, sociedad anónima, sa "
        "de cv, de cv, sapi, s de rl, de rl, sapi de cv, spa, ltda, limitada, eirl, sas, sac, saa, cxa, "
        "sca, sae, sociedad por acciones simplificada"
    ),
    "PT BR AO MZ": (
        "lda, sa, ltda, eireli, epp, mei, sgps, unipessoal, unipessoal lda, sociedade anónima, sociedade "
        "anônima, cia, companhia, limitada"
    ),
    "DK": "aps, as, ks, ivs, amba, fmba, smba, pmba, aktieselskab, anpartsselskab",
    "NO": "as, asa, ans, ks, nuf, enk, sa, bbl",
    "SE": (
        "ab, aktiebolag, aktiebolaget, publ, hb, kb, handelsbolag, kommanditbolag, ek för, ekonomisk "
        "förening, enskild firma"
    ),
    "FI": "oy, oyj, ab, abp, ky, tmi, ay, ry, osk, osakeyhtiö",
    "IS FO": "hf, ehf, ohf, slf, spf",
    "EE": "oü, as, tü, uü, fie, mtü, osaühing, aktsiaselts",
    "LV": "sia, as, ik, ks, akciju sabiedrība",
    "LT": "uab, ab, mb, vši, tüb, kb, uždaroji akcinė bendrovė",
    "PL": (
        "spzoo, sp z oo, sp z o o, sa, spj, sp j, sp k, spk, spp, sp p, ska, sc, spółka z ograniczoną "
        "odpowiedzialnością, spółka akcyjna, spółka komandytowa, psa"
    ),
    "CZ SK": ("sro, s r o, spol s r o, spolsro, as, vos, ks, zs, družstvo, zú, akciová společnost, akciová spoločnosť"),
    "HU": "kft, zrt, nyrt, rt, bt, kkt, ev, korlátolt felelősségű társaság",
    "SI HR BA RS ME MK XK": (
        "doo, d o o, dd, d d, ad, a d, sp, s p, kd, dno, zadruga, jdoo, obrt, dooel, jp, ooo, d o o e l, а "
        "д, доо, д о о, ад, дооел"
    ),
    "RO MD": "srl, sa, snc, scs, pfa, srld",
    "BG": "еоод, оод, ад, еад, ет, сд, кд, eood, ood, ead",
    "GR CY": "αε, επε, ικε, οε, εε, μεπε, μικε, αβεε, epe, ike, sa, monoprosopi",
    "AL": "shpk, sha",
    "TR": (
        "aş, a ş, as, ltd şti, şti, sti, ltdşti, kollektif şirketi, anonim şirketi, limited şirketi, ve "
        "tic, san ve tic, san tic, san ve tic ltd şti, koop"
    ),
    "RU BY KZ": (
        "ооо, оао, зао, пао, ао, ип, нко, гуп, муп, фгуп, одо, чуп, тоо, ooo, oao, zao, pao, ao, общество с "
        "ограниченной ответственностью, акционерное общество"
    ),
    "UA": "тов, пат, прат, ат, пп, фоп, тдв, tov",
    "GE AM AZ UZ": "შპს, სს, ՍՊԸ, ՓԲԸ, ԲԲԸ, mmc, qsc, asc, mchj, xk",
    "IL": "בעמ, בע מ",
    "AE SA EG": (
        "fze, fzco, fzc, fz llc, wll, pjsc, psc, saoc, saog, spc, jsc, ojsc, cjsc, kscc, ksc, sal, sae, "
        "sarl, ش م م, ذ م م, ش ذ م م, ش م ل"
    ),
    "IR": "pjs, سهامی خاص, سهامی عام",
    "VN ID TH PH": "jsc, jsco, joint stock company, tnhh, tbk, persero, pcl, co ltd, opc",
    "JP KR CN": ("kk, gk, yk, kabushiki kaisha, godo kaisha, yugen kaisha, coltd, col ltd, yuhan hoesa, jusik hoesa"),
    "EU": "se, sce, eeig, ewiv, sce mbh",
    "AF": "sarl, sa, sasu, sau, suarl, gie, plc",
}

_PREFIXES: Final = (
    "ooo, ооо, оао, зао, пао, ао, ип, тоо, одо, чуп, тов, пат, прат, пп, фоп, oao, zao, pao, tov, "
    "uab, sia, oy, ab, oü, pt, sarl, sasu, eurl, selarl, "
    "công ty tnhh, công ty cổ phần, công ty cp, công ty, ctcp, cty tnhh, شركة, შპს, სს"
)

_GLUED: Final = (
    "株式会社 有限会社 合同会社 合資会社 合名会社 一般社団法人 一般財団法人 公益社団法人 特定非営利活動法人 "
    "股份有限公司 有限责任公司 有限責任公司 股份公司 有限公司 有限合伙 "
    "주식회사 유한회사 유한책임회사 บริษัท จำกัด มหาชน ห้างหุ้นส่วนจำกัด"
)
_GLUED_SHORT: Final = "株 有 同 名 資 주 유 사"

CONNECTORS: Final = frozenset({"and", "und", "et", "och", "og"})
"""What may stand between two forms (GmbH & Co. KG) and goes with them."""

ARTICLES: Final = frozenset({"the", "a", "an", "la", "le", "les", "el", "los", "der", "die", "das", "de", "il", "i"})
"""A name that would be left with nothing else keeps its form."""

PLACEHOLDERS: Final = frozenset(
    {
        "na",
        "n a",
        "none",
        "null",
        "nil",
        "unknown",
        "not applicable",
        "no company",
        "self employed",
        "selfemployed",
    }
    | {"freelance", "freelancer"}
)
"""What people type when they have no company; as a key it would unite strangers."""


def suffix_texts() -> tuple[str, ...]:
    """Forms written after the name, as typed.

    >>> "sp z oo" in suffix_texts()
    True
    """
    return tuple(form.strip() for forms in _SUFFIXES.values() for form in forms.split(","))


def prefix_texts() -> tuple[str, ...]:
    """Forms written before the name, as typed.

    >>> "uab" in prefix_texts()
    True
    """
    return tuple(form.strip() for form in _PREFIXES.split(","))


def glued_texts() -> tuple[str, ...]:
    """Forms written without a space on either side of the name.

    >>> "株式会社" in glued_texts()
    True
    """
    return tuple(_GLUED.split())


def glued_abbreviations() -> tuple[str, ...]:
    """Short forms that stand in brackets: (株), ㈱.

    >>> "株" in glued_abbreviations()
    True
    """
    return tuple(_GLUED_SHORT.split())
