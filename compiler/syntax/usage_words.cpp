#include "compiler/syntax/usage_words.h"

#include "WattlawParser.h"
#include "compiler/syntax/lex_source.h"

namespace wattlaw {

const char* usage_of(size_t rule) {
  switch (rule) {
    case Grammar::RuleTableRow: return "a table row is written `KEY, KEY => VALUE`, `when CONDITION => VALUE` or `otherwise => VALUE`";
    case Grammar::RuleBlockRow: return "a block is written `first 500 kWh => RATE`, `next 500 kWh => RATE` or `rest => RATE`";
    case Grammar::RuleStepRow: return "a step is written `from 2 kW => 1200 NOK per year`";
    case Grammar::RuleBand: return "a band is written `NAME = workdays 06:00 to 22:00` or `NAME = otherwise`";
    case Grammar::RuleAmount:
    case Grammar::RuleClause: return "a clause is written `charge NAME on QUANTITY at RATE`, `charge NAME of MONEY for each month` or `pay A -> B NAME of MONEY`";
    case Grammar::RuleNetting: return "write `net import against export per BANDS, month`";
    case Grammar::RuleTariffItem: return "a tariff is written `tariff NAME from PAYER to PAYEE { … }`";
    case Grammar::RuleContractItem: return "a contract is written `contract NAME between ROLE and ROLE { … }`";
    case Grammar::RuleAmendItem: return "an amendment is written `amend TARIFF from 2026-07-01 { … }`";
    case Grammar::RuleBandsItem: return "bands are written `bands NAME { day = 06:00 to 22:00  night = otherwise }`";
    case Grammar::RuleParamBody:
    case Grammar::RuleParameterItem: return "a parameter is written `parameter NAME: UNIT = VALUE` or `parameter NAME: UNIT { from 2026-01-01 is VALUE }`";
    case Grammar::RuleExchangeItem: return "an exchange is written `exchange 1 EUR = 7.46 DKK` or `exchange 1 EUR { from 2026-01-01 is 7.46 DKK }`";
    case Grammar::RuleDatedValue: return "a dated value is written `from 2026-01-01 is 0.0713`";
    case Grammar::RuleLetDecl: return "a definition is written `let NAME = EXPRESSION`";
    case Grammar::RuleField:
    case Grammar::RuleKindItem: return "a field is written `NAME: TYPE`";
    case Grammar::RuleFieldValue: return "a field is written `NAME: VALUE`";
    case Grammar::RuleAttributeItem: return "an attribute is written `attribute site.NAME: TYPE = VALUE`";
    case Grammar::RuleRuleItem: return "a rule is written `rule NAME for each ENTITY { require CONDITION }`";
    case Grammar::RuleRuleEntry: return "write `require CONDITION`, `forbid CONDITION`, `warn CONDITION` or `otherwise \"what to say\"`";
    case Grammar::RuleDispatchEntry: return "write `when CONDITION => charge`, `otherwise => idle`, `ensure target by departure` or `limit QUANTITY <= BOUND`";
    case Grammar::RuleServiceEntry: return "write `bid at least 0.1 MW in steps of 0.1 MW, per hour`, `activate …`, `sustain …` or `pays PRICE for QUANTITY`";
    case Grammar::RuleScenarioEntry: return "write `period 2026-01-01 to 2027-01-01 every 1 h`, `data \"FOLDER\"`, `apply TARIFF to every site`, `check RULE` or `show EXPRESSION`";
    case Grammar::RuleReformEntry: return "write `amend TARIFF { … }`, `drop NAME`, `set NAME = VALUE`, `replace NAME by NAME` or `scale CLAUSE so that …`";
    case Grammar::RuleApplyEntry: return "write `apply TARIFF to every site`";
    case Grammar::RuleTestEntry: return "write `use TARIFF`, `given import = 1 kWh at 2026-01-15 18:00` or `expect TARIFF.CLAUSE = 0.21 NOK`";
    case Grammar::RuleGivenValue: return "write `given import = 1 kWh at 2026-01-15 18:00`";
    case Grammar::RuleRoundingMod: return "write `rounding 0.01 NOK half up per line`, or `rounding none`";
    case Grammar::RuleRoundMode: return "the mode is `half up`, `half even`, `up` or `down`";
    case Grammar::RuleCite: return "write `cite \"SOURCE\"`";
    case Grammar::RuleInForce: return "write `in force from 2026-01-01 until 2027-01-01`";
    case Grammar::RuleForEach: return "write `for each month`";
    case Grammar::RuleExceptWhen: return "an exception is written `except NAME when CONDITION => RATE`";
    case Grammar::RuleImportDecl: return "write `import std.calendar.norway`";
    default: return nullptr;
  }
}

const char* token_in_words(size_t type) {
  switch (type) {
    case Grammar::ID: return "a name";
    case Grammar::NUMBER: return "a number";
    case Grammar::UNIT_PER:
    case Grammar::RULE_PER: return "`per`";
    case Grammar::STRING: return "a text in quotes";
    case Grammar::DATE: return "a date such as 2026-01-31";
    case Grammar::DATETIME: return "a date and time";
    case Grammar::CLOCK_TIME: return "a time such as 17:00";
    case Grammar::MONTH: return "a month";
    case Grammar::WEEKDAY: return "a day of the week";
    default: return nullptr;
  }
}

}  // namespace wattlaw
