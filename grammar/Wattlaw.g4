// The grammar of Wattlaw: the one place where the language's spelling is fixed. grammar/README.md says how it is laid out and which
// invariants keep it free of ambiguity. The lexer reads every word as ID; the tokens declared below are set behind it, keywords from
// their spelling and words whose meaning hangs on their neighbours by compiler/syntax/mark_words.cpp, so that one token decides
// almost everywhere and no table of 200 words has to be built before the first line is read.
grammar Wattlaw;

tokens {
  // ---- reserved words: lower case in a script; compiler/syntax/lex_source.cpp tells them from names
  TO, FROM, UNTIL, OF, IN, ON, AT, BY, FOR, WHEN, WHERE, WHILE, IF, PER, OVER, WITHIN, BEYOND, BEFORE, UNDER, WITH,
  WITHOUT, AS, IS, AND, OR, NOT, EXCEPT, EXCLUDING, OTHERWISE, NONE, TRUE, FALSE, ANY, LINEARLY, ABOVE, UP, HALF, ROUNDED,
  LARGEST, SMALLEST, ALLOCATE, WORKDAYS, WEEKDAYS, WEEKENDS, HOLIDAYS, CITE, ROUNDING, LET, CHARGE, CREDIT, PAY, MINIMUM,
  MAXIMUM, LIMIT, REQUIRE, FORBID, WARN, SHOW, EXPECT, GIVEN, ENSURE, KEEP, FOLLOW, EVERY,
  // ---- contextual words
  A, ACCOUNTING, ACTIVATE, ACTOR, AGAINST, ALL, ALLOCATED, AMEND, APPLY, ARRIVAL, ATTRIBUTE, BAND, BANDS, BETWEEN, BID, BILL,
  BILLING, BINDS, BLOCKS, CALENDAR, CARRY, CHANGE, CHEAPEST, CHECK, CHRONOLOGICALLY, COLLECT, CONTRACT, COUNTED, COVERS,
  CURRENCY, DATA, DAY, DAYS, DEPARTURE, DERATE, DISCHARGE, DISPATCH, DOWN, DROP, EACH, EARLIEST, END, ENDS, EQUAL,
  EQUALLY, EQUALS, EVEN, EX, EXCHANGE, FAR, FIRST, FORCE, FULL, GATE, HISTORY, HOLD, HOLIDAY, IDLE, IMPORT, INCL,
  INCLUDES, INTO, KEPT, KEYED, KIND, LAXITY, LEAST, LOST, MATCH, MAX, MAXIMISE, MEMBER, MIN, MINIMISE, MISSING, MODULE,
  MOST, NET, NEXT, OFFER, ONCE, ONE, ORIGIN, OVERRIDES, PAIRS, PARAMETER, PARTIAL, PAYS, PENALTY, PERIOD, PERIODS,
  PHYSICS, PREVIOUS, PRICE, PRICES, PROPORTION, PROPORTIONAL, PRORATED, RANGING, REFORM, REMAINING, REPLACE, REST, ROLE, ROLLING,
  RULE, SAME, SCALE, SCENARIO, SERVICE, SET, SHARING, SKIP_WORD, SO, SOME, SPACE, START, STARTING, STARTS, STATUS, STEP,
  STEPS, SUM, SURPLUS, SUSTAIN, TARIFF, TAX, TEST, THAT, THE, THEN, THIS, TIME_WORD, TIMES, TOGETHER, TRACE, UNIT, USE,
  ZERO, ZONE,
  // ---- words and numbers told apart by their neighbours
  MEASURE,            // a number with its unit behind it on the same line
  DAY_NUMBER,         // a number before a month: 15 April
  DAYS_OF,            // `days` before `of`
  UNIT_PER,           // `per` behind a literal: 1200 NOK per year
  AMOUNT_TAX,         // `ex`, `incl` behind a literal: 100 NOK incl vat
  SPAN_TO,            // `to` between times, days or months
  WINDOW_COMMA,       // `,` between time windows
  WINDOW_OF,          // `of`, `into` before `the`: 22:00 to 06:00 of the same day
  WINDOW_INTO,
  AT_TIME,            // `at` before `time of`
  SAME_TIME,          // `time` in `same time of`
  QUOTA_WITHIN,       // `within` before `first`
  QUOTA_FIRST,        // `first` behind `within`, `beyond`
  QUOTA_OF,           // `of` behind an allowance: first 6 h per day of slot
  IN_FORCE,           // `in` before `force`
  OVER_PAIRS,         // `over` before `pairs`
  GROUP_OVER,         // `over`, `per` of an `allocate`
  GROUP_PER,
  ALL_OF,             // `all` before the entity of `over all site`
  SO_FAR,             // `so` before `far`
  FAR_THIS,           // `this` in `so far this year`
  STARTING_AT,        // `starting` before a time or date
  ROLLING_OVER,       // `rolling` before a number
  SHOW_PER,           // `per` before `interval` in a `show`
  RULE_PER,           // `per` in the head of a rule
  HIT_FIRST,          // `first match`, `collect sum` before a table's `{`
  HIT_COLLECT,
  OTHERWISE_EQUALLY   // `otherwise` before `equally`
}

file : moduleDecl? importDecl* item* EOF ;
expressionAlone : expr EOF ;

moduleDecl : MODULE qname ;
importDecl : IMPORT qname (AS name)? ;

item
  : currencyItem | unitItem | exchangeItem | roundingMod | roleItem | actorItem | memberItem | kindItem | attributeItem | traceItem
  | calendarItem | bandsItem | parameterItem | letDecl | tariffItem | contractItem | serviceItem | dispatchItem | ruleItem | amendItem
  | reformItem | scenarioItem | spaceItem | testItem
  ;
currencyItem : CURRENCY name (COMMA name)* ;
unitItem : UNIT name EQUALS_SIGN sum ;
exchangeItem : EXCHANGE sum (LBRACE cite* datedValue+ RBRACE | EQUALS_SIGN sum) cite* ;
roleItem : ROLE name (IS name)? ;
actorItem : ACTOR name (IS actorRole (COMMA actorRole)*)? fieldValues? ;
actorRole : name (FROM DATE)? untilDate? ;
memberItem : MEMBER name IS name fieldValues? ;
kindItem : KIND name LBRACE field* RBRACE ;
attributeItem : ATTRIBUTE name DOT word COLON type defaultValue? ;
traceItem : TRACE name LBRACE traceEntry* RBRACE ;
calendarItem : CALENDAR name LBRACE calendarEntry* RBRACE ;
bandsItem : BANDS name LBRACE band+ RBRACE ;
parameterItem : PARAMETER name (COLON type)? paramBody ;
tariffItem : TARIFF name FROM name TO name forEach? LBRACE body RBRACE ;
contractItem : CONTRACT name BETWEEN name (COMMA name)* AND name LBRACE body RBRACE ;
serviceItem : SERVICE name LBRACE serviceEntry* RBRACE ;
dispatchItem : DISPATCH name (FOR name)? LBRACE ((MINIMISE | MAXIMISE) expr)? dispatchEntry* RBRACE ;
ruleItem : RULE name ruleScope* LBRACE ruleHeader* ruleEntry* RBRACE ;
amendItem : AMEND qname (FROM DATE)? LBRACE body RBRACE ;
reformItem : REFORM name OF qname LBRACE reformEntry* RBRACE ;
scenarioItem : SCENARIO name LBRACE scenarioEntry* RBRACE ;
spaceItem : SPACE name LBRACE spaceEntry* RBRACE ;
testItem : TEST STRING LBRACE testEntry* RBRACE ;

// ---------- types, fields, parameters
type
  : ONE OF name (COMMA name)*
  | SOME OF name (COMMA name)*
  | typeUnit (TO quantity)? (taxState | amountTax)? (KEYED BY name (COMMA name)*)?
  ;
typeUnit : PERCENT | unitProduct ;
defaultValue : EQUALS_SIGN expr ;
field : name COLON type defaultValue? ;
fieldValues : LBRACE fieldValue* RBRACE ;
fieldValue : name COLON sum ;
traceEntry : field missingPolicy? | EVERY sum | cite | FROM STRING ;
missingPolicy : MISSING (HOLD | ZERO | SKIP_WORD) ;
calendarEntry
  : ZONE STRING
  | INCLUDES name
  | HOLIDAY name ON sum (FROM DATE)? untilDate?
  ;
untilDate : UNTIL DATE ;
band : name EQUALS_SIGN (OTHERWISE | expr) ;
paramBody
  : LBRACE (cite | status)* datedValue+ RBRACE ranging? (status | cite)*
  | EQUALS_SIGN sum ranging? (status | cite)*
  | (status | cite)*
  ;
ranging : RANGING sum TO sum (STEP TIMES? sum)? ;
status : STATUS name ;
datedValue : FROM DATE IS sum cite* ;
letDecl : LET name EQUALS_SIGN expr ;
cite : CITE STRING ;

// ---------- money clauses (tariff, contract, amend)
body : header* clause* ;       // headers stand before the clauses: a later `cite` or `in force` belongs to the clause it follows
header
  : cite
  | inForce
  | PRICES taxState
  | roundingMod
  | COVERS name (WHERE expr)?
  | BILLING name STARTS (number | ON expr)
  | ORIGIN ACCOUNTING name
  | PRICE (BY TIME_WORD | AT START)
  | HISTORY (NONE | FROM qname)
  | CHANGE WITHIN PERIOD COLON (BY DAYS | AT START | AT END)
  | PARTIAL PERIODS (PRORATED BY DAYS | IN FULL | NONE)
  | BLOCKS (CHRONOLOGICALLY | IN PROPORTION BY name)
  ;
clause
  : letDecl
  | netting
  | (CHARGE | CREDIT) name amount modifier*
  | PAY name ARROW name name amount modifier*
  | TAX name AT sum ON qname (COMMA qname)* modifier*
  | (MINIMUM | MAXIMUM) sum capBasis? modifier*
  | LIMIT expr modifier*
  | IF expr LBRACE clause+ RBRACE
  ;
capBasis : (BEFORE | INCL | INCL_DOT) name ;
amount : ON sum pricing | OF sum ;
pricing
  : AT sum
  | table
  | IN BLOCKS (PER period starting?)? LBRACE blockRow+ RBRACE
  | IN STEPS (PER period starting?)? LBRACE stepRow+ RBRACE
  ;
blockRow : (FIRST sum | NEXT sum | REST) GIVES sum cite? ;
stepRow : ((FROM | ABOVE | UP TO) sum | ABOVE) GIVES sum cite? ;
modifier
  : cite
  | inForce
  | roundingMod
  | TO name
  | WHEN expr
  | exceptWhen
  | AT (MOST | LEAST) sum
  | ALLOCATED BY sum equally?
  | ONCE ON sum
  | forEach
  | COUNTED IN STEPS OF sum (TOGETHER WITH name)?
  | AGAINST name (COMMA name)*
  | carry
  ;
exceptWhen : EXCEPT name WHEN expr (GIVES sum)? (OVERRIDES name)? cite* ;
equally : OTHERWISE_EQUALLY EQUALLY ;
forEach : FOR EACH qname (WHERE expr)? ;
inForce : IN_FORCE FORCE FROM DATE untilDate? ;
roundingMod : ROUNDING (NONE | sum roundMode PER name) ;
roundMode : HALF (UP | EVEN) | UP | DOWN ;
taxState : (EX | INCL | INCL_DOT) name ;
amountTax : AMOUNT_TAX name ;
netting : NET name AGAINST name PER name (COMMA name)* carry? bandEnds? ;
carry
  : CARRY SURPLUS UNTIL yearDay (THEN AT sum)?
  | SURPLUS AT sum
  | FROM THE NEXT BILL
  ;
bandEnds : WHERE A BAND ENDS (KEPT | LOST | TO qname LBRACE bandMove+ RBRACE) ;
bandMove : name GIVES name ;

// ---------- services, dispatch
serviceEntry
  : cite
  | FROM name TO name
  | BID AT LEAST sum (IN STEPS OF sum)? (COMMA PER name)?
  | ACTIVATE expr
  | SUSTAIN expr (FOR EACH name)?
  | DERATE expr (COMMA sum name)?
  | GATE expr
  | PAYS expr (FOR expr)?
  | OTHERWISE PAYS expr
  | PENALTY expr (FOR expr)?
  ;
dispatchEntry
  : ENSURE expr BY expr
  | KEEP expr (WHILE expr)?
  | OFFER name FROM sum (WHILE expr)?
  | FOLLOW expr
  | WHEN expr GIVES action
  | OTHERWISE GIVES action
  | LIMIT expr (SHARING sharing)?
  | cite
  ;
action
  : CHARGE IN CHEAPEST sum UNTIL sum BY sum
  | (CHARGE | DISCHARGE | IDLE) (AT sum)?
  ;
sharing : PROPORTIONAL | EQUAL | LEAST LAXITY | EARLIEST (DEPARTURE | ARRIVAL) | LARGEST REMAINING ;

// ---------- norms
ruleScope : forEach | RULE_PER period starting? | binds | ON (TARIFF | CONTRACT) ;
binds : BINDS name ;
ruleHeader : cite | inForce | binds ;
ruleEntry
  : letDecl
  | (REQUIRE | FORBID | WARN) expr (BEFORE sum)? ruleModifier*
  | OTHERWISE STRING
  | OTHERWISE PAY name ARROW name sum        // `late of 2.50 EUR`: the label is taken out of the amount
  ;
ruleModifier : WHEN expr | cite | exceptWhen ;

// ---------- experiments
reformEntry
  : cite
  | amendItem
  | DROP qname
  | setEntry
  | REPLACE qname BY qname
  | DISPATCH qname
  | applyEntry
  | SCALE qname SO THAT expr (EQUALS expr)? (WITHIN expr)?
  | checkEntry
  | DATA STRING
  | showEntry
  ;
applyEntry : APPLY ((ONE | CHEAPEST) OF)? qname (COMMA qname)* TO EVERY name (WHERE expr)? (FROM DATE)? ;
checkEntry : CHECK qname (COMMA qname)* ;
showEntry : SHOW expr (SHOW_PER period)? (AS (name | STRING))? (SHOW_PER period)? (WHEN expr)? ;
setEntry : SET qname EQUALS_SIGN expr ;
scenarioEntry
  : cite
  | PERIOD DATE TO DATE EVERY sum
  | PHYSICS EVERY sum
  | ZONE STRING
  | DATA STRING
  | GIVEN qname EQUALS_SIGN sum
  | DISPATCH qname
  | applyEntry
  | checkEntry
  | ORIGIN ACCOUNTING name
  | showEntry
  | setEntry
  | OVER_PAIRS PAIRS OF name
  ;
spaceEntry : field | (REQUIRE | FORBID) expr | cite ;
testEntry
  : USE qname (COMMA qname)*
  | ZONE STRING
  | EVERY sum
  | GIVEN qname EQUALS_SIGN givenValue (COMMA givenValue)*
  | EXPECT expr
  | setEntry
  ;
givenValue : sum (AT timeStamp (TO timeStamp)?)? ;
timeStamp : DATETIME | DATE ;

// ---------- expressions: one rule a level of precedence, loosest first
expr : andExpr (OR andExpr)* ;
andExpr : notExpr (AND notExpr)* ;
notExpr : NOT notExpr | comparison ;
comparison : sum comparisonTail? ;
comparisonTail
  : (EQUALS_SIGN | NOT_EQUAL | LESS | LESS_EQUAL | GREATER | GREATER_EQUAL) sum
  | IS NOT? isWhat
  | NOT? IN (LBRACE sum (COMMA sum)* RBRACE | sum RANGE sum)
  ;
isWhat : qname | NONE | TRUE | FALSE | dayTerm ;
sum : product ((PLUS | MINUS) product)* ;
product : power ((TIMES_SIGN | DIVIDE | OF) power)* ;
power : unary (POWER_SIGN unary)? ;
unary : MINUS unary | tailed ;
tailed : primary tail* ;
tail
  : (QUOTA_WITHIN QUOTA_FIRST | BEYOND QUOTA_FIRST?) primary (QUOTA_OF primary)?   // inside or beyond an allowance; `of` says what is counted
  | starting                                                                       // of the allowance or period before it
  | AT_TIME TIME_WORD OF primary
  | ROUNDED TO primary roundMode
  | UNDER qname
  | (WITH | WITHOUT) name
  ;
primary
  : LPAREN expr RPAREN
  | literal
  | qname call?
  | table
  | (LARGEST | SMALLEST) operand OF primary
  | dayTerm
  | ALLOCATE sum (GROUP_OVER ALL_OF? | GROUP_PER) qname BY primary equally?
  ;
call : LPAREN (argument (COMMA argument)*)? RPAREN suffix* ;
argument : (name COLON)? expr (WHERE expr)? (FOR name IN sum RANGE sum)? ;
operand : number | qname ;
suffix
  : PER period
  | OVER overWhat
  | SO_FAR FAR (FAR_THIS name)?
  ;
overWhat
  : ALL
  | ALL_OF qname (WHERE (qname | LPAREN expr RPAREN))?
  | (THIS AND)? PREVIOUS operand daysOrName
  | SAME (SAME_TIME OF PREVIOUS operand daysOrName | name)
  ;
daysOrName : qname | daySet ;
period : ROLLING_OVER? number? qname ;
starting : STARTING_AT (CLOCK_TIME | yearDay) ;
literal : quantity amountTax? | DATE | DATETIME | STRING | TRUE | FALSE | NONE ;
quantity : (NUMBER PERCENT? | MEASURE unitProduct) (UNIT_PER name)? ;
number : NUMBER | MEASURE ;
unitProduct : name PER_UNIT* ;      // `NOK/kWh`: the slash touches the letter; a division has spaces around it
yearDay : DAY_NUMBER MONTH | DATE ;

dayTerm : dayAtom+ (EXCLUDING excluded)* ;
excluded : daySet | qname ;
dayAtom : daySet | timeWindow (WINDOW_COMMA timeWindow)* | monthSet ;
timeWindow : CLOCK_TIME SPAN_TO CLOCK_TIME (WINDOW_OF THE SAME DAY | WINDOW_INTO THE NEXT DAY)? ;
monthSet : MONTH (SPAN_TO MONTH)? | DAY_NUMBER MONTH (SPAN_TO DAY_NUMBER MONTH)? ;
daySet
  : WORKDAYS
  | WEEKDAYS
  | WEEKENDS
  | HOLIDAYS OF qname
  | DAYS_OF OF qname
  | WEEKDAY (SPAN_TO WEEKDAY)?
  ;
table : BY (primary (COMMA primary)* hitPolicy? | hitPolicy)? LBRACE tableRow+ RBRACE ;
hitPolicy : HIT_FIRST MATCH | HIT_COLLECT (SUM | MIN | MAX) | LINEARLY ;
tableRow : (rowKey (COMMA rowKey)* | WHEN expr | OTHERWISE) GIVES expr cite? ;
rowKey : ANY | (FROM | ABOVE | UP TO | AT) sum | qname | literal ;

qname : name (DOT word)* ;
word : name | reserved ;
name : ID | contextual ;
reserved       // a name only after a dot
  : TO | FROM | UNTIL | OF | IN | ON | AT | BY | FOR | WHEN | WHERE | WHILE | IF | PER | OVER | WITHIN | BEYOND | BEFORE | UNDER | WITH | WITHOUT | AS | IS
  | AND | OR | NOT | EXCEPT | EXCLUDING | OTHERWISE | NONE | TRUE | FALSE | ANY | LINEARLY | ABOVE | UP | HALF | ROUNDED | LARGEST | SMALLEST
  | ALLOCATE | WORKDAYS | WEEKDAYS | WEEKENDS | HOLIDAYS | CITE | ROUNDING | LET | CHARGE | CREDIT | PAY | MINIMUM | MAXIMUM | LIMIT | REQUIRE
  | FORBID | WARN | SHOW | EXPECT | GIVEN | ENSURE | KEEP | FOLLOW | EVERY
  ;
contextual     // keywords where the grammar asks for them, names everywhere else
  : A | ACCOUNTING | ACTIVATE | ACTOR | AGAINST | ALL | ALLOCATED | AMEND | APPLY | ARRIVAL | ATTRIBUTE | BAND | BANDS | BETWEEN | BID | BILL | BILLING
  | BINDS | BLOCKS | CALENDAR | CARRY | CHANGE | CHEAPEST | CHECK | CHRONOLOGICALLY | COLLECT | CONTRACT | COUNTED | COVERS | CURRENCY
  | DATA | DAY | DAYS | DEPARTURE | DERATE | DISCHARGE | DISPATCH | DOWN | DROP | EACH | EARLIEST | END | ENDS | EQUAL | EQUALLY | EQUALS | EVEN
  | EX | EXCHANGE | FAR | FIRST | FORCE | FULL | GATE | HISTORY | HOLD | HOLIDAY | IDLE | IMPORT | INCL | INCLUDES | INTO | KEPT | KEYED | KIND
  | LAXITY | LEAST | LOST | MATCH | MAX | MAXIMISE | MEMBER | MIN | MINIMISE | MISSING | MODULE | MOST | NET | NEXT | OFFER | ONCE | ONE | ORIGIN
  | OVERRIDES | PAIRS | PARAMETER | PARTIAL | PAYS | PENALTY | PERIOD | PERIODS | PHYSICS | PREVIOUS | PRICE | PRICES | PROPORTION
  | PROPORTIONAL | PRORATED | RANGING | REFORM | REMAINING | REPLACE | REST | ROLE | ROLLING | RULE | SAME | SCALE | SCENARIO | SERVICE | SET | SHARING
  | SKIP_WORD | SO | SOME | SPACE | START | STARTING | STARTS | STATUS | STEP | STEPS | SUM | SURPLUS | SUSTAIN | TARIFF | TAX | TEST | THAT | THE
  | THEN | THIS | TIME_WORD | TIMES | TOGETHER | TRACE | UNIT | USE | ZERO | ZONE
  ;

// ---------- punctuation
LBRACE : '{' ;
RBRACE : '}' ;
LPAREN : '(' ;
RPAREN : ')' ;
COMMA : ',' ;
COLON : ':' ;
DOT : '.' ;
RANGE : '..' ;
EQUALS_SIGN : '=' ;
NOT_EQUAL : '!=' ;
LESS : '<' ;
LESS_EQUAL : '<=' ;
GREATER : '>' ;
GREATER_EQUAL : '>=' ;
PLUS : '+' ;
MINUS : '-' ;
TIMES_SIGN : '*' ;
DIVIDE : '/' ;
POWER_SIGN : '^' ;
PERCENT : '%' ;
GIVES : '=>' ;
ARROW : '->' ;

// ---------- literals
INCL_DOT : 'incl.' ;
MONTH : 'January' | 'February' | 'March' | 'April' | 'May' | 'June' | 'July' | 'August' | 'September' | 'October' | 'November' | 'December' ;
WEEKDAY : 'Monday' | 'Tuesday' | 'Wednesday' | 'Thursday' | 'Friday' | 'Saturday' | 'Sunday' ;
DATETIME : DAY_PART [ T] CLOCK_PART (':' DIGIT DIGIT)? ('Z' | [+\-] CLOCK_PART)? ;
DATE : DAY_PART ;
CLOCK_TIME : CLOCK_PART ;
NUMBER : DIGIT+ ('.' DIGIT+)? ;
PER_UNIT : '/' LETTER (LETTER | DIGIT_ANY)* ('^' DIGIT)? ;
STRING : '"' (~["\\\r\n] | '\\' ~[\r\n])* '"' ;
ID : LETTER (LETTER | DIGIT_ANY)* ;

// ---------- what people write by mistake: no rule takes these, each has a message of its own
UNCLOSED_STRING : '"' (~["\\\r\n] | '\\' ~[\r\n])* ;
WRONG_OPERATOR : '==' | '&&' | '||' | '<>' | '=<' | ':=' | '≤' | '≥' | '≠' | '×' | '÷' | '−' | '–' | '·' | ';' | '→' | '⇒' ;

COMMENT : '#' ~[\r\n]* -> channel(HIDDEN) ;
WS : [ \t\r\n\u00A0\u202F\uFEFF]+ -> skip ;
UNKNOWN_CHARACTER : . ;

fragment DIGIT : [0-9] ;
fragment DIGIT_ANY : [\p{Nd}] ;
fragment LETTER : [\p{L}_€$£¢°] ;
fragment DAY_PART : DIGIT DIGIT DIGIT DIGIT '-' DIGIT DIGIT '-' DIGIT DIGIT ;
fragment CLOCK_PART : DIGIT DIGIT ':' DIGIT DIGIT ;
