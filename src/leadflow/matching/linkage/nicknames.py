"""Given names that one person goes by: a line is a family. Only names that belong to a single family are listed."""

from __future__ import annotations

from functools import cache

_FAMILIES = """
abigail abby abbie gail
abraham abe bram
alexander aleksander alexandre alejandro alessandro sasha sascha xander
alfred alf alfie
andrew andy drew andrei andreas andre andrzej andrej
anthony tony antonio antoine anton
barbara barb barbie babs
benjamin ben benny benji
bernard bernie bernhard
catherine katherine kathryn cathy kathy kate katie kathleen katarina katarzyna caterina kasia
charles charlie chuck carlos karl carlo charley
christina christine kristina tina chrissy
christopher chris christoph kris topher
cynthia cindy
daniel dan danny danilo daniil
david dave davey dawid
deborah debbie deb debra
dennis denny denis
donald donnie
dorothy dot dottie dolly
edward eddie ted teddy ned eduard eduardo
elizabeth liz lizzie beth betty betsy elisabeth lisa elsa bess eliza
emily emilia emmy
eugene gene
florence flo flossie
francis frank frankie francisco francesco franz fran franciszek
frederick fred freddie friedrich fritz
gabriel gabe
george georgie georg jorge giorgio jurij
gerald gerry gerard
gregory greg gregor
harold hal
henry hank heinrich henri harry enrique
isabella isabel izzy bella
jacob jake jakob jakub
james jim jimmy jamie
janet jan
jeffrey jeff geoffrey geoff
jennifer jen jenny jenn
jessica jess jessie
john johnny jack ivan juan johannes hans giovanni jean janez
jonathan jon jonny
joseph joe joey jose josef giuseppe jozef
joshua josh
judith judy
julia julie giulia
kenneth ken kenny
kimberly kim
lawrence larry laurence lars
leonard leo len lenny leonardo
louis lou louie luis luigi ludwig
lucas luke lukas luca
magdalena magda lena
margaret maggie peggy meg greta marge margie margarita margareta gretchen
maria mary marie mariya maryam molly
martin marty
matthew matt matthias matteo mateo matej
michael mike mick mickey miguel michel michele mikhail mihael micheal michal
nancy nan
nathaniel nathan nate nat
nicholas nick nicky nicolas nikolaus klaus niklas nikolai nicola
oliver ollie
pamela pam
patricia pat patty trish tricia
patrick paddy padraig
paul pablo paolo pavel pawel
peter pete pedro pietro pierre piotr petr
philip phil phillip philippe felipe
rachel rachael
raymond ray
rebecca becky becca
richard rick ricky dick rich richie ricardo riccardo
robert bob bobby rob robbie roberto
ronald ron ronnie
russell russ
samantha sammie
samuel sam sammy
sarah sara sally
stephen steven steve stefan stephan esteban stefano stevie
susan sue susie suzanne suzy susanna
theodore theo
theresa terry tess teresa tessa
thomas tom tommy tomas tommaso tomasz
timothy tim timmy
valerie val
victoria vicky tori
vincent vince vinnie vincenzo
virginia ginny
walter walt wally
william bill billy will willy liam wilhelm guillaume guillermo
zachary zach zack
"""


@cache
def name_families() -> dict[str, int]:
    """The number of the family of each listed name.

    >>> families = name_families()
    >>> families["bob"] == families["robert"] != families["bill"]
    True
    """
    return {name: number for number, line in enumerate(_FAMILIES.strip().splitlines()) for name in line.split()}
