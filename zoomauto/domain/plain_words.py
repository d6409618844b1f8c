"""Words that tell nothing of what a text is about, in a few languages."""

# ruff: noqa: RUF001 - Cyrillic letters are meant

_ENGLISH = """
about above after again against all also always and another any anybody anything are around
because been before being below between both but came can cannot come could did does doing done
down during each either enough even ever every everybody everyone everything few first for from
further gave get gets getting give given gives going gone good got great guys had has have having
hello her here hers him his how however into its just keep kind know last later least let like
little long look lot made make makes making many maybe mean might mine more most much must need
never next nice nobody none nor not nothing now off often okay once one only other others our ours
out over own perhaps please pretty probably put quite rather really right said same saw say saying
says see seen several shall she should since some somebody someone something sometimes soon sort
still such sure take taken talk tell than thank thanks that the their them then there these they
thing things think this those though thought three through time today together told too took
toward try trying two under until upon use used using very wait want wanted was way well went were
what whatever when where whether which while who whole whose why will with within without word
work would yeah yes yet you your yours
"""
_GERMAN = """
aber alle allem allen aller alles also als andere auch auf aus bei beim bin bis bitte danke dann das
dass dein dem den denn der des dich die dies diese diesem diesen dieser dieses doch dort durch eben
ein eine einem einen einer eines einfach einmal etwas euch für ganz gar gehen gemacht genau gibt
gut habe haben hat hatte heute hier ich ihm ihn ihnen ihr ihre immer ist jede jeder jetzt kann
kein keine können könnte machen mal man mehr mein mich mir mit muss müssen nach natürlich nein
nicht nichts noch nur oder ohne schon sehr sein seine sich sie sind soll sollte sondern und uns
unser unter viel vielleicht vom von vor war waren warum was weil weiter wenn werden wie wieder
wir wird wollen worden wurde würde zum zur zwei zwischen
"""
_FRENCH = """
ainsi alors après aucun aussi autre avant avec avoir bien bon bonjour car ceci cela celle celui
ces cet cette chaque chez chose comme comment dans des deux dire donc dont elle elles encore entre
est été être eux faire fait faut grand ici ils jamais juste leur leurs lui mais même merci moi
moins mon même non nos notre nous oui par parce pas pendant peu peut plus pour pourquoi quand que
quel quelle quelque qui quoi sans ses seulement son sont sous sur tous tout toute toutes très
trop une vais vers voilà vos votre vous vraiment était
"""
_SPANISH = """
ahora algo alguien algún ante antes aquí así aunque bien bueno cada casi como con contra cosa
cual cuando cuatro del desde después donde dos ella ellas ellos entonces entre era eran eres ese
eso esta estaba estamos estar este esto estos está están forma fue fueron gracias hace hacer hacia
haber había hasta hay hola las les lo los más mejor menos mientras mismo mucho muchos muy nada
nadie nos nosotros nuestra nuestro nunca otra otro para parte pero poco por porque pues puede
que qué quien quiere sea ser sido siempre sin sobre solo somos son soy sus también tan tanto
tener tengo tiene tienen todo todos tres una unas uno unos usted vamos veces ver verdad voy ya
"""
_RUSSIAN = """
без более больше будем будет будто бы был была были было быть вам вами вас ваш ведь весь вот все
всегда всего всем всех всё вы где говорить говорит да даже два делать для до должен его ему если
есть ещё еще же за здесь зачем знаю знаете из или им ими именно иногда их каждый как какая какие
какой когда конечно конца которая которого которое которой которые который кто куда лучше между
меня много может можно мой мы мне на над надо наверное нам нас наш не него нее ней нельзя нет ни
нибудь никогда ним них ничего но ну об один одна однако он она они оно опять от ответ очень перед
по под пока после потом потому почему поэтому почти при про просто раз разве сам сами самый
сегодня сейчас себе себя сейчас скажем со совсем спасибо так также такие такой там те тебе тебя
тем теперь то тоже того той только том тот три тут ты уже хорошо хотя чего чем через что чтобы
чтоб чуть эта эти этим этих это этого этой этом этот эту
"""

PLAIN_WORDS = frozenset(f"{_ENGLISH} {_GERMAN} {_FRENCH} {_SPANISH} {_RUSSIAN}".split())
