// OriginAccount: which part of the energy behind one meter has borne a charge on what was drawn from the grid, through the batteries of the
// vehicles there and out again. Layers: what is charged in an interval is a layer of its own, and what is taken is the oldest layers (first
// in, first out) or a share of the whole (proportional).
//   source  = drawn from the grid + what vehicles discharge + what is generated beyond the load
//   sink    = given back to the grid + what vehicles charge + load beyond what is generated; each sink has the mix of the sources
//   losses  = charged × (1 - charge efficiency) and discharged × (1 / discharge efficiency - 1), of the layer that flows
//   driving = what a battery has less when it is plugged in than when it left; it is final use
// What a battery held at first, and what it was charged elsewhere, is of unknown origin and in no figure. Shares are 12 places half even,
// as every division by what is metered (language.md section 4); everything else is exact.
#pragma once
#include <deque>
#include <vector>

#include "runtime/number/rational.h"

namespace wattlaw {

struct OriginInterval {               // kWh of one interval at one site
  Rational import, exported;
  bool borne = false;                 // what is drawn in this interval bears the charge
  struct OfVehicle {
    Rational charged, discharged;     // at the plug
    Rational stored;                  // in the battery when the interval ends, as metered
    bool plugged = false;             // when it begins
  };
  std::vector<OfVehicle> vehicles;
};

struct OriginFlows {                  // kWh; `taxed`: times the number of charges that each kilowatt-hour has borne
  Rational final_use, taxed_final_use;  // load, driving, and what is given back: somebody else uses that, and bears the charge once more
  Rational losses, taxed_losses;
  Rational taxed_export;              // the part of what is given back that bore the charge here
};

class OriginAccount {
 public:
  struct Efficiency {
    Rational charge, discharge;       // 0 to 1, above 0
  };
  OriginAccount(bool first_in_first_out, std::vector<Efficiency> vehicles);
  OriginFlows flow(const OriginInterval& interval);  // one interval after the other; as many vehicles each time

 private:
  struct Layer {
    Rational energy, taxed, unknown;  // kWh in the battery; shares
  };
  struct Part {
    Rational energy, taxed, unknown;  // kWh
  };
  struct Battery {
    Efficiency efficiency;
    std::deque<Layer> layers;
    Rational held;                    // the sum of the layers
    bool was_plugged = false, is_known = false;
  };
  void add(Battery& battery, const Rational& energy, const Rational& taxed, const Rational& unknown) const;
  Part take(Battery& battery, const Rational& energy) const;
  void come_and_go(Battery& battery, const OriginInterval::OfVehicle& vehicle, OriginFlows& flows) const;

  bool fifo_;
  std::vector<Battery> batteries_;
};

}  // namespace wattlaw
