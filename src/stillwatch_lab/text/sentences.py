"""How people put a request: sentence patterns of our own, by the part that they play.

After `topics.py` and `words.py`; `grammar.py` compiles them. A pattern is literal text with slots:
topic noun N, verb V, adjective A; general noun G, verb W, adjective J, adverb D, time T,
connective C, preposition R, unit U; the account's own person P, project O and place X; numbers Q
(two digits) and Y (three). Small letters are forms of a word: a and b adjectives with their
article, v and w verbs in the third person, g a gerund. The one idea: few literal words stand
between two slots, so that strangers rarely share four words in a row, though sometimes they do, as
people do.
"""

from __future__ import annotations

from typing import Final

ASK: Final = tuple(
    """
How can I {W} the {J} {N} {R} my {G}?
How would you {V} {b} {N} {R} {X}?
What makes {A} {N} {D} {V} {R} the {G}?
Can you explain how to {V} the {N} {D}?
Could you {W} my {G} about {A} {N}?
Why does {P}'s {N} {D} {W} {T}?
Please {W} this {G} on {N} and {N}.
Help me {W} {O}, our {J} {N} {G}.
Which {A} {N} should we {V} {T}?
I want to {V} one {A} {N} {R} {O}.
Is {A} {N} better than {J} {N} here?
Write {Q} {J} {U} on {N} for {P}.
Suggest {Q} {A} {N} ideas, {D} {J}.
Tell me whether {N} can {V} {R} {N}.
Give {P} {a} {G} of {N} types.
Where do {A} {N} {U} usually go wrong?
Do I {V} before {N} or after {G}?
Summarise {X}'s {G} regarding {A} {N}.
Draft some {J} {G} that mentions {N}, {N} plus {O}.
Compare {A} {N} with {A} {N}, {D}.
Should {O} {V} its {N} {T}?
What {G} would {P} need to {V} {N}?
Rewrite my {J} {G} {C} {P} can {W} it.
Turn these {N} notes into {J} {G} form.
Any {J} {G} for {g} {N} {D}?
List what could {W} our {A} {N}.
Who normally {w} the {N} {R} {X}?
When is {N} too {J} to {V}?
Show how {O} might {W} {A} {N} {T}.
Check {P}'s {G}: does {N} {V} {D}?
What happens {C} someone {w} {A} {N}?
Name {Q} {J} {N} mistakes {R} {G}.
Plan {Q} {U} of {N} around {X} {T}.
Pick between {N}, {N} or {A} {N} for {O}.
How much {N} does {Y} {U} of {G} take?
Describe {A} {N} to my {J} {G}.
Are there {J} ways of {g} {N}?
Estimate how {A} our {N} gets {T}.
Translate "{A} {N}" so {P} would {W} it.
Find the {J} {G} in {O}'s {N}.
""".strip().splitlines()
)

CONTEXT: Final = tuple(
    """
My {J} {G} has {Q} {U} of {N} left.
{P} and I {V} {A} {N} {T}.
We started {O} {T} with {J} {N}.
At {X} nobody {v} {N} {D}.
The {N} looks {A}, {C} {P} {w} it.
I {D} {V} {N}, {C} my {G} is {J}.
Our {G} {R} {X} uses {A} {N}.
{O} needs {Y} {U} {T}.
Yesterday {P}'s {N} went {J} {R} {N}.
Most {A} {N} here is {J}.
There is {J} {N} all over {X}.
Last time the {G} was {A} and {J}.
{X} sold us {Q} {U} of {N}.
Some {G} told {P} that {N} {v}.
I tried {g} it {D}, no luck.
Both {N} and {N} are {J} now.
The {J} {G} from {X} mentions {N}.
{P} thinks {A} {N} would {W} us.
So far {O} has {Q} {J} {N} {U}.
That old {G} {R} {N} still {w}.
It is {b} {N}, roughly {Y} {U}.
For {O} we {V} {D} {T}.
{X} only stocks {J} {N}.
New to {N}, {P}'s {G} isn't.
Nothing about {A} {N} seems {J}.
{P} keeps saying {N} beats {N}.
Half of {O} depends on {A} {N}.
With {J} {N} the {G} {w} {D}.
Between {X} and {X} there's {A} {N}.
She {w} {N}; he {v} {N}.
""".strip().splitlines()
)

DETAIL: Final = tuple(
    """
It must {W} {Q} {U}, {D}.
Keep {N} {J}, {C} {P} {w} {G}.
Mention {A} {N} and {J} {G}.
{G} of {Y} {U}, not {Q}.
{P} prefers {J} {N} {R} {G}.
Avoid {N} {T}.
Use {J} words, {C} {X} people {W} {D}.
No {A} {N} please, {P} hates {G}.
Include {O}'s {N}.
Assume {Q} {U} per {G}.
Ideally {N} stays {A} {T}.
We can {W} at most {Y} {U}.
I already {W} {N} {D}.
Cost matters: {Q} {U} {R} {G}.
Then {V} {N}, {C} it is {J}.
One {J} {G} beats any {A} {N}.
Don't {V} {A} {N} {R} {X}.
Whether {A} or {J}, either {G} works.
Also {W} what {P} said {T}.
Think {N}, {N}, maybe {A} {N}.
Remember {O} has {J} {G}.
If {N} {w}, {V} it {D}.
{X} rules: {Q} {U}, {J} {N}.
Last {G}: {Y} {U} of {A} {N}.
Safety of {N} {R} {G} comes first.
My {G} {w} everything {D}.
Perhaps {V} {J} {N} and {W} {G}?
{P}'s {G} may {W} {N}.
Budget: {Y}, {J} {N} included.
Skip {G} and {J} {N}.
""".strip().splitlines()
)

CLOSE: Final = tuple(
    """
Thanks, {P} will {W} it {T}.
Under {Y} words, {J} tone.
Please do so {D}.
{J} bullet points, please.
I need this {T}.
Make it {J} for {P}.
As {a} {G}, if possible.
What else should {O} {W}?
Does that {W} {N}?
Pretend {P} is {Q}, rather {J}.
Start with {A} {N}.
End on {J} {G}.
And does {P} {W} {N}?
Any {J} {G} is enough.
Your {J} view, {D}.
Sources on {N} would help {O}.
""".strip().splitlines()
)

FOLLOW_UP: Final = tuple(
    """
Now {W} the {N} part {D}.
And {A} {N}?
Shorter, {P} won't read {G}.
Why {V} it {T}?
Hmm, {N} isn't {J} here.
What about {N} {R} {X}?
That {G} is {J}; try {A} {N}.
OK, but {P}'s {N} is {A}.
Could {O} {W} that {D}?
Go on with {N}.
I meant {A} {N}, not {N}.
Replace {G} by {J} {N}.
Then how {J} is {N}?
Great, {W} it for {X} {T}.
So {N} first, {C} {G} {w}?
More of {N}, {J} ones.
Wrong: {N} never {v} {R} {N}.
Make {G} {Q} more {J}.
""".strip().splitlines()
)

INSTRUCT: Final = tuple(
    """
You are {O}, the {J} {N} assistant of {X}.
Answer only about {A} {N} and {J} {N} {G}.
Never {W} a {G} {R} {N}.
Customers ask {D} on {N}; stay {J}.
Reply in {Q} {U} or fewer.
Always {W} the {A} {N} {G} {T}.
If a user {w} {N}, mention {X}.
Use the {J} {G} of {O} for every {N}.
When {N} is {A}, hand over to {P}.
Quote {X} {G} numbers {D}.
Do not promise {J} {N} {R} {G}.
The {G} desk {w} {N} {T}.
Format each {G} as {J} {U}.
Refuse to {V} {A} {N}.
Our {N} catalogue has {Y} {U}.
Sign every {G} as {O}.
""".strip().splitlines()
)
