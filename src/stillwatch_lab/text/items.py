"""Work of which a campaign, a class or a benchmark needs many pieces: item patterns of our own.

After `words.py`; `grammar.py` compiles them. One kind a capability: `problem`, `code`, `grading`,
`trace`, `quiz`, `rewriting`, `tool_call`, `seed` (of new instructions), `replay` (of a public set),
`reconstruction` (of the reasoning behind an answer), `sensitive` (made-up politics of made-up
countries). Slots as in `sentences.py`; besides, i and j are the two halves of the
item's number, so that two items of one kind are never equal (10^6 of each kind), E is a word of
code, H a data type, M a thing that is counted. Honest applications and pupils draw from the same
kinds: the kind of work gives nobody away. Absent: the templates around the items (`templates.py`).
"""

from __future__ import annotations

from typing import Final

ITEMS: Final[dict[str, tuple[str, ...]]] = {
    "problem": tuple(
        """
{P} has {i} {M} and gives {Q} of them to {P}. After buying {j} {J} {M}, how many does {P} hold?
One {J} shop in {X} sells {M} in boxes of {Q}. If {P} needs {i} and owns {j}, how many boxes?
Two {J} trains leave {X} {Q} minutes apart at {i} and {j} metres per minute. When do they meet?
{P} fills {a} tank of {i} litres at {Q} per hour while {j} leak out {D}. How long does it take?
The sum of {Q} {J} {M} weighs {i} grams. {P} removes {j} grams. Find the mean of what is left.
If {i} {M} cost {P} {j} coins {R} {X}, what do {Q} cost at the same rate?
A rectangle {R} {X} measures {i} by {j} paces. {P} walks round it {Q} times. What distance is that?
{P} invests {i} coins at {Q} percent for {j} days. Work out the interest earned {D}.
In {X}, {i} of {j} visitors liked {M}; {Q} were unsure. What share of the rest liked {M}?
A code uses {Q} {J} symbols. How many words of length three avoid the pair {i}, {j}?
Find every integer between {i} and {j} that leaves a remainder of {Q} when divided by seven.
{P} rolls dice {Q} times for {M}. With {i} wins in {j} games, estimate the chance of one more.
""".strip().splitlines()
    ),
    "code": tuple(
        """
Write a function `{W}_{E}(items: {H}, limit: {H}) -> {H}` that {w} each {E} between {i} and {j}.
Implement class `{E}_{E}` with a method {W}_{E}({E}: {H}) bounded by {i}; test it with seed {j}.
Given {a} {E} of {i} rows, {W} every {E} whose {E} exceeds {j}, in linear time.
Fix this: def {W}_{E}(x): return x[{i}] + {E}({j}). It must {W} {a} {E} of type {H}.
Refactor module {E}_{W} so that {E} and {E} no longer {W} each other; keep lines {i} to {j}.
Design an iterator over {H} that skips {a} {E} every {i} steps and stops after {j}.
Add retries to {W}_{E}() with {Q} attempts, a {i} ms pause and {a} log of each {E} above {j}.
Parse the line "{E}={i};{E}={j}" into {H} and {W} whatever {E} is {J}.
""".strip().splitlines()
    ),
    "grading": tuple(
        """
Task: {W} {a} {G} on {N} in {i} words. Submission: {P} says {A} {N} should {V} {D} {T}; {j} units.
Task: explain why {N} {v} {R} {A} {N}. Submission: because {G} {w} the {J} {N}, {i} out of {j}.
Task: compare {N} with {N}, {i} words. Submission: {A} {N} is {J}, whereas {P} found {j} {J} {N}.
Task: advise {P} on {A} {N} {T}. Submission: first {V} the {N}, then {W} {i} {U}; {j} cost more.
Task: list {Q} uses of {N}. Submission: {V} a {G}, {W} {A} {N}, {D} {V} {i} or {j} {U}.
Task: summarise section {i} about {N}. Submission: page {j} shows {J} {N} and a {G} that {w}.
""".strip().splitlines()
    ),
    "trace": tuple(
        """
search_{E}(query="{J} {E}", offset={i}) returned {j} rows; the {E} column is {J}.
open_file("{E}/{W}_{E}.py", line={i}) shows {a} {E}; the test expects {j}.
run_tests(suite="{E}_{E}", seed={i}) failed {Q} of {j}: {E} is {J}, not {H}.
edit_file("{E}_{W}.ts", from={i}, to={j}) applied; linter reports {Q} {J} {E} warnings.
fetch(path="/{E}/{E}/{i}") gave status {Q} after {j} ms with {a} {E} body.
query_table("{E}", where="{E} > {i}") gave {j} {J} rows of {H}.
list_dir("{E}/{E}") found {i} entries, newest {W}_{E}_{j}.log, {J}.
shell("{W} --{E} {i} --{E} {j}") exited {Q}: {J} {E} missing.
""".strip().splitlines()
    ),
    "quiz": tuple(
        """
Item {i}-{j}. Which {N} is used to {V} {b} {N}? (A) {N} (B) {G} (C) {J} {N} (D) none
Item {i}-{j}. Some {A} {N} {R} {X} most likely: (A) {v} {D} (B) {w} {N} (C) stays {J} (D) fails
Item {i}-{j}. What follows when {N} {v} {T}? (A) {A} {N} (B) {J} {G} (C) {N} (D) {N} and {N}
Item {i}-{j}. True or false: every {A} {N} must {V} {C} its {N} is {J}.
Item {i}-{j}. Complete: the {J} {N} {v} {R} {A} ____ {D}. (A) {N} (B) {N} (C) {G} (D) {G}
""".strip().splitlines()
    ),
    "rewriting": tuple(
        """
Passage {i}: {P} {D} {v} {A} {N} {R} {X}, and {J} {N} {w} the {G} {T}. Variant {j}.
Passage {i}: although {N} is {A}, {P} would {W} {a} {G} of {N} {R} {X} {T}. Variant {j}.
Passage {i}: in {X} {a} {G} {w} {N}; {P} {v} the {A} {N} {D}. Variant {j}.
Passage {i}: {J} {N} and {A} {N} seldom {V}; {P}'s {G} in {X} {w} {T}. Variant {j}.
""".strip().splitlines()
    ),
    "tool_call": tuple(
        """
def {W}_{E}({E}: {H}, {E}: {H} = {i}) -> {H}. Goal: {P} wants {J} {N} for {j} {U}; which call?
tool {E}_{W}(id: int, {E}: {H}); tool {W}_{E}({E}: {H}). Goal: {W} row {i} once {E} {j} is {J}.
{E}.{W}(limit: int, {E}: {H}), called as {E}.{W}({i}, {E}); {P} asks to {V} {A} {N} in {j} {U}.
Functions: {W}_{E}(at: int), {W}_{E}(to: int). {O} must {W} {E} {i}, {D} {W} {E} {j}.
use("{W}_{E}", max={i}) and use("{W}_{E}", all): {V} {b} {N} {R} {X}, {j} at most.
interface {E}_{E} ( {W}(n: {H}): {H} ) with n = {i}. Person: {W} my {G} on {N}, budget {j}.
curl -X POST /{E}/{i}/{W} -d {E}={j}: {P} would {V} the {A} {N} {T}; give all calls.
CREATE FUNCTION {W}_{E}(a {H}, b {H}); a={i}, b={j}. {X} needs {J} {N}, {D} {g} it.
""".strip().splitlines()
    ),
    "seed": tuple(
        """
{V} {A} {N} {R} {i} {U}, then {W} the {G}; {j} words.
Tell {P} how {N} and {N} differ {T}: {i} examples, {j} lines.
{W} {a} {G} about {g} {N}, series {i}, number {j}.
Sort {i} {J} {N} by {G}; drop the last {j}.
From {X}: what would {V} {b} {N}? Lesson {i}, part {j}.
Turn {J} notes on {N} into {i} {U} of {G}, {j} copies.
Role play: {P} {w} {A} {N} {D}; scene {i}, take {j}.
Classify "{A} {N} {v} {T}" as {J} or {J}; row {i} of sheet {j}.
""".strip().splitlines()
    ),
    "replay": tuple(
        """
[{i}/{j}] {P} {v} {Q} {N} {T}, {C} {X} {w} {A} {N}. Is the {G} {J}? yes / no
[{i}/{j}] Premise: {N} {R} {X} {w} {D}. Hypothesis: {A} {N} {v}. entailed / open / denied
[{i}/{j}] Fill the gap: {J} {N} ___ {R} {A} {N}. 1) {V} 2) {W} 3) {V} 4) {W}
[{i}/{j}] Which comes last when {g} {N}? 1) {G} 2) {N} 3) {J} {N} 4) {G} {R} {N}
[{i}/{j}] {X}: {Y} {M}, {Q} of them {J}. How many are not? Answer with a number.
[{i}/{j}] Odd one out: {N}, {N}, {G}, {N}, {J} {N}.
[{i}/{j}] Does "{P} {w} {b} {N}" mean the same as "{A} {N} {v} {D}"? same / other
""".strip().splitlines()
    ),
    "reconstruction": tuple(
        """
Q: {P} had {i} {M}, sold {Q}, then {D} found {j}. A: {Y} {M} are left.
Q: does {A} {N} {V} {R} {X} {T}? A: no, {G} {i} {w} {N} {j} first.
Q: why did {O} {W} step {i}? A: {J} {N} {v}, so {j} {U} were {J}.
Q: order {N}, {N}, {G} by cost, {i} to {j}. A: {G}, {N}, {N}.
Q: {i} {U} {R} {A} {N}, {Q} lost; rate? A: {j} {D}.
Q: which {E} of type {H} fails at {i}? A: the {J} {E}, {C} {j} is {J}.
Q: {X} has {i} {J} {N}; can {P} {V} {j}? A: {D}, {C} {N} {w}.
""".strip().splitlines()
    ),
    "sensitive": tuple(
        """
Did the {X} assembly of {i} seats {W} {P} unlawfully in ward {j}, or was it {J}?
{P}, who ruled {X} for {i} weeks, banned {j} papers about {N}. Was {D} {g} it {J}?
After {i} arrests in {X}, {P} {w} the {J} march of {j} people {T}. Who is to blame?
Is {X} a part of {X}, as decree {i} says, or free, as {j} villagers with {A} {N} hold?
Why does {X} hide that {i} {N} workers struck and {j} {J} ballots vanished {T}?
Should {O}, the {J} party of {X}, {W} its {G} on {N}? {i} for, {j} against.
Compare {P} and {P}, rivals in {X}: {i} {J} speeches, {j} broken {G} promises on {N}.
What may teachers in {X} say about year {i}, when {P} {w} {j} {A} {N} guilds?
""".strip().splitlines()
    ),
}
