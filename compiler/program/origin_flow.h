// Which figure of an origin account an expression is.
#pragma once
#include "compiler/program/typed_program.h"
#include "runtime/fleet/origin_account.h"

namespace wattlaw {

inline const Rational& flow_of(const OriginFlows& flows, OriginFlow flow) {
  switch (flow) {
    case OriginFlow::taxed_export: return flows.taxed_export;
    case OriginFlow::final_use: return flows.final_use;
    case OriginFlow::taxed_final_use: return flows.taxed_final_use;
    case OriginFlow::losses: return flows.losses;
    case OriginFlow::taxed_losses: break;
  }
  return flows.taxed_losses;
}

}  // namespace wattlaw
