"""Domains that say nothing about a company: mail providers, social networks, site builders."""

from __future__ import annotations

from typing import Final


def _words(*texts: str) -> frozenset[str]:
    return frozenset(" ".join(texts).split())


FREE_MAIL: Final = _words(
    # world-wide
    """
    gmail.com googlemail.com outlook.com hotmail.com live.com msn.com passport.com windowslive.com yahoo.com
    ymail.com rocketmail.com myyahoo.com aol.com aim.com icloud.com me.com mac.com proton.me protonmail.com
    protonmail.ch pm.me tutanota.com tutanota.de tutamail.com tuta.io tuta.com keemail.me fastmail.com
    fastmail.fm zoho.com zohomail.com mail.com email.com gmx.com gmx.net hushmail.com hush.com inbox.com
    usa.com startmail.com mailfence.com disroot.org riseup.net posteo.net runbox.com duck.com hey.com
    skiff.com lycos.com excite.com mailbox.org privaterelay.appleid.com mozmail.com simplelogin.com
    anonaddy.me
    """,
    # thrown away after use
    """
    mailinator.com guerrillamail.com 10minutemail.com tempmail.com temp-mail.org yopmail.com trashmail.com
    sharklasers.com getnada.com maildrop.cc dispostable.com throwawaymail.com mohmal.com fakeinbox.com
    """,
    # United States, Canada
    """
    comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net
    optonline.net juno.com netzero.net frontier.com frontiernet.net roadrunner.com rr.com windstream.net
    centurylink.net embarqmail.com rogers.com shaw.ca sympatico.ca bell.net telus.net videotron.ca cogeco.ca
    """,
    # Britain, Ireland, Australia, New Zealand, South Africa
    """
    btinternet.com btopenworld.com virginmedia.com ntlworld.com blueyonder.co.uk sky.com talktalk.net
    tiscali.co.uk yahoo.co.uk hotmail.co.uk live.co.uk outlook.ie eircom.net yahoo.ie bigpond.com
    bigpond.net.au optusnet.com.au iinet.net.au yahoo.com.au xtra.co.nz mweb.co.za telkomsa.net vodamail.co.za
    webmail.co.za
    """,
    # Germany, Austria, Switzerland
    """
    gmx.de gmx.at gmx.ch web.de t-online.de freenet.de arcor.de mail.de email.de posteo.de online.de
    kabelmail.de yahoo.de hotmail.de live.de outlook.de aol.de vodafone.de o2online.de aon.at chello.at a1.net
    bluewin.ch hispeed.ch sunrise.ch swissonline.ch
    """,
    # France, Belgium, Netherlands, Luxembourg
    """
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr yahoo.fr hotmail.fr live.fr outlook.fr
    numericable.fr skynet.be telenet.be proximus.be hotmail.be live.be ziggo.nl kpnmail.nl planet.nl hetnet.nl
    home.nl xs4all.nl hotmail.nl live.nl outlook.nl casema.nl upcmail.nl quicknet.nl pt.lu
    """,
    # Italy, Spain, Portugal, Greece
    """
    libero.it virgilio.it alice.it tin.it tiscali.it fastwebnet.it email.it inwind.it iol.it poste.it yahoo.it
    hotmail.it live.it outlook.it pec.it yahoo.es hotmail.es outlook.es telefonica.net terra.es ono.com
    sapo.pt netcabo.pt iol.pt clix.pt hotmail.pt yahoo.gr otenet.gr hol.gr forthnet.gr
    """,
    # the North and the Baltic
    """
    online.no hotmail.no live.no telia.com spray.se bredband.net comhem.se hotmail.se live.se outlook.dk
    live.dk hotmail.dk mail.dk jubii.dk sol.dk kolumbus.fi luukku.com elisanet.fi suomi24.fi simnet.is
    inbox.lv inbox.lt mail.ee hot.ee one.lt
    """,
    # Central and Southeast Europe
    """
    wp.pl onet.pl onet.eu o2.pl op.pl interia.pl interia.eu gazeta.pl poczta.fm poczta.onet.pl tlen.pl vp.pl
    seznam.cz email.cz post.cz centrum.cz volny.cz atlas.cz azet.sk centrum.sk zoznam.sk pobox.sk post.sk
    freemail.hu citromail.hu indamail.hu t-online.hu siol.net siol.com t-2.net telemach.net amis.net volja.net
    email.si net.hr inet.hr vip.hr t-com.hr zg.t-com.hr eunet.rs sbb.rs ptt.rs open.telekom.rs abv.bg mail.bg
    dir.bg yahoo.ro home.ro rdslink.ro t.ht.hr bih.net.ba t-home.mk
    """,
    # Eastern Europe, Central Asia
    """
    mail.ru bk.ru inbox.ru list.ru internet.ru yandex.ru yandex.com ya.ru yandex.ua yandex.by yandex.kz
    narod.ru rambler.ru lenta.ru ro.ru ukr.net i.ua meta.ua bigmir.net email.ua tut.by mail.kz
    """,
    # Turkey, the Middle East, Africa
    """
    mynet.com hotmail.com.tr yahoo.com.tr ttmail.com superonline.com walla.co.il walla.com netvision.net.il
    bezeqint.net zahav.net.il 012.net.il emirates.net.ae eim.ae maktoob.com menara.ma topnet.tn
    """,
    # East and South Asia
    """
    qq.com foxmail.com vip.qq.com 163.com 126.com yeah.net vip.163.com sina.com sina.cn sohu.com tom.com
    21cn.com 139.com 189.cn wo.cn aliyun.com naver.com hanmail.net daum.net nate.com korea.com kakao.com
    yahoo.co.jp docomo.ne.jp ezweb.ne.jp au.com softbank.ne.jp i.softbank.jp nifty.com ocn.ne.jp biglobe.ne.jp
    so-net.ne.jp excite.co.jp yahoo.co.in yahoo.in rediffmail.com rediff.com sify.com indiatimes.com
    yahoo.com.hk netvigator.com yahoo.com.tw hinet.net pchome.com.tw yahoo.com.sg singnet.com.sg yahoo.com.ph
    yahoo.co.id yahoo.com.vn yahoo.com.my streamyx.com
    """,
    # Latin America
    """
    uol.com.br bol.com.br terra.com.br ig.com.br globo.com globomail.com r7.com yahoo.com.br hotmail.com.br
    outlook.com.br live.com.mx yahoo.com.mx prodigy.net.mx hotmail.com.mx yahoo.com.ar fibertel.com.ar
    speedy.com.ar ciudad.com.ar arnet.com.ar yahoo.cl vtr.net cantv.net une.net.co
    """,
)

SHARED_SITES: Final = _words(
    """
    linkedin.com facebook.com fb.com instagram.com twitter.com x.com youtube.com youtu.be tiktok.com
    pinterest.com xing.com vk.com ok.ru t.me wa.me whatsapp.com medium.com linktr.ee github.com gitlab.com
    goo.gl bit.ly sites.google.com maps.google.com wikipedia.org crunchbase.com yelp.com
    """,
)
"""Sites on which a company has a page rather than a name of its own."""

SITE_BUILDERS: Final = _words(
    """
    wordpress.com blogspot.com wixsite.com weebly.com squarespace.com webflow.io github.io gitlab.io
    netlify.app vercel.app herokuapp.com myshopify.com godaddysites.com business.site jimdofree.com
    webnode.com azurewebsites.net cloudfront.net amazonaws.com web.app firebaseapp.com notion.site
    """,
)
"""Here each subdomain is somebody else; the bare domain is nobody's."""


def is_impersonal(host: str) -> bool:
    """Whether a host, or a domain above it, belongs to a mail provider or a shared site.

    >>> is_impersonal("gmail.com"), is_impersonal("de.linkedin.com"), is_impersonal("shop.wordpress.com")
    (True, True, False)
    """
    if host in SITE_BUILDERS:
        return True
    while host:
        if host in FREE_MAIL or host in SHARED_SITES:
            return True
        _, _, host = host.partition(".")
    return False
