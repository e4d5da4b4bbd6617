// RuleReading: what a norm is asked of, and what it has read of the declarations so far. Travels in the Context while the norm is
// elaborated as of one day; every reading of that day has its own.
#pragma once
#include <string>
#include <vector>

#include "compiler/program/typed_program.h"

namespace wattlaw {

struct Symbol;

struct RuleReading {
  const Symbol* rule = nullptr;
  const Symbol* subject = nullptr;   // the tariff, actor or member; null: the rule has none
  std::string word;                  // what the rule calls it: "tariff", "actor", "charger"
  bool of_data = false;              // asked of what only the run knows: each site, session or month
  bool concerns = true;              // false: what is asked for does not exist on that day
  std::string undecided;             // why declarations alone do not decide; empty: they do
  std::vector<ReadFigure> figures;
  std::string jumps;                 // the tariff whose `jump` was read; its bill is that of one unit at the bound
  ExpressionId bill;                 // … and what it is
  bool bill_read = false;
};

}  // namespace wattlaw
