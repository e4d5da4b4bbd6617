// Shard: vehicles that share a group or a pool, from the first interval to the last. Tiles are stepped for as many intervals as nothing couples
// them: until a gate opens, or one interval at a time where a limit's group has vehicles in more tiles than one. Between that, each tile is one
// thread's alone, so the result is the same for any number of threads.
#pragma once
#include <array>
#include <deque>

#include "runtime/fleet/battery.h"
#include "runtime/fleet/simulate_fleet.h"
#include "runtime/fleet/tile_steps.h"

namespace wattlaw {

class Shard {
 public:
  Shard(const FleetRequest& request, FleetPolicy& policy, FleetResult& result, std::vector<uint32_t> tiles);
  void run(unsigned threads);
  size_t size() const { return tiles_.size(); }

  FleetCounts counts() const;
  std::optional<std::pair<uint32_t, uint32_t>> fault() const;  // the first tile and step

 private:
  static constexpr uint32_t kLanes = kTileMembers;
  static constexpr Instant kNever = INT64_MAX;

  // Where a vehicle stands: which plug-in is at hand, and which of its moments comes next.
  struct Whereabouts {
    uint32_t at = 0;                     // index of the plug-in at hand or the next one
    uint32_t moment = 0;                 // index of the next of its moments
    std::vector<uint32_t> ranked_for;    // by CheapestHours: plug-in + 1 for which `chosen` was made
    std::vector<std::vector<uint32_t>> chosen;  // steps, ascending
  };
  // What 32 vehicles are, were told and did in the interval at hand.
  struct Tile {
    uint32_t number = 0, lanes = 0;      // of all tiles; vehicles there
    Batteries<kLanes> batteries;
    StepRates<kLanes> of_interval, of_step;  // of the physics
    std::array<Whereabouts, kLanes> where;
    std::array<uint8_t, kLanes> is_there{};
    std::array<Instant, kLanes> next{};      // when it leaves, or arrives
    std::array<Instant, kLanes> moment{};    // when its next moment is
    std::array<double, kLanes> wanted{};     // kWh at departure
    Instant quiet_until = INT64_MIN;     // nobody arrives or leaves before, and no trip begins
    bool tapers = false;                 // some battery of it
    std::vector<int64_t> states;         // [column][lane]
    std::vector<int64_t> decided;        // [interval][output][lane], of those that were decided at once
    uint32_t decided_from = 0, decided_until = 0;
    int64_t* outputs = nullptr;          // [output][lane], of the interval at hand
    std::array<int64_t, kLanes> set{}, forced{};                    // W at the plug, + charges
    TileMeter meter;                     // its Wh: of the interval
    std::array<int64_t, kLanes> charge_left{}, discharge_left{};   // J that caps leave of the interval
    std::array<int64_t, kLanes> may_charge{};                      // W that activations may charge with, as limits leave them
    std::array<uint8_t, kLanes> departed{}, was_there{};           // in the interval; when it began
    std::vector<int64_t> totals;         // [total][lane]
    struct Sold {
      std::array<int64_t, kLanes> offered{}, accepted{}, before{}, delivered_joules{}, missed_joules{};  // before: accepted in the delivery period before
      struct Period {                  // of delivery, whose gate has closed and which has not begun
        uint32_t first, end;           // steps
        std::array<int64_t, kLanes> offered, accepted;
      };
      std::deque<Period> to_come;      // earlier first
      uint32_t until = 0;              // the step in which the delivery period at hand is over
      std::array<int64_t, kLanes> now_offered{}, now_accepted{};  // of the period at hand, while the gate of one to come closes
      std::array<int32_t, kLanes> delivered{}, missed{};           // Wh of the interval
    };
    std::vector<Sold> sold;              // by service
    FleetCounts counts;
    std::optional<uint32_t> fault;       // the step
  };
  struct Place {
    uint32_t tile, lane;                 // position among tiles_
  };
  struct Group {                         // of a limit
    uint32_t number;
    std::vector<Place> members;
  };

  // ---- shard.cpp: who is where, what is seen, what moves, what is recorded
  void make_tile(Tile& tile, uint32_t number);
  void make_groups();
  const std::vector<PlugIn>& plug_ins(const Tile& tile, uint32_t lane) const { return request_.plug_ins->of_vehicle[vehicle_of(tile, lane)]; }
  static uint32_t vehicle_of(const Tile& tile, uint32_t lane) { return tile.number * kLanes + lane; }
  int64_t output(uint32_t column, const Tile& tile, uint32_t lane) const { return tile.outputs[column * kLanes + lane]; }
  void await(Tile& tile, uint32_t lane);
  void arrive(Tile& tile, uint32_t lane);
  void leave(Tile& tile, uint32_t lane, uint32_t step);
  void follow(Tile& tile, Instant now, uint32_t step, bool may_arrive);
  Instant moment_of(const Tile& tile, uint32_t lane) const;
  void answer(Tile& tile, uint32_t lane);
  void set_sold(Tile& tile, uint64_t physics_step, const uint8_t* stays, int64_t* asked, int32_t* set) const;
  bool is_chosen(uint32_t k, Tile& tile, uint32_t lane, uint32_t step);
  void look(Tile& tile, uint32_t step);
  bool decide(Tile& tile, uint32_t step);
  void move(Tile& tile, uint32_t step);
  void record(Tile& tile, uint32_t step);
  void step_alone(Tile& tile, uint32_t first, uint32_t end, bool has_decided);
  void run_all(unsigned threads);
  template <typename Wait>
  void work(unsigned thread, unsigned threads, Wait& wait);

  // ---- shard_decide.cpp: offers, constraints, limits
  bool opens(const ServiceOffer& service, uint32_t step) const { return step == 0 || service.window_of_step[step] != service.window_of_step[step - 1]; }
  bool closes(const ServiceOffer& service, uint32_t step) const { return step + service.lead < clock_.steps && (service.lead == 0 ? opens(service, step) : service.window_of_step[step + service.lead] != service.window_of_step[step + service.lead - 1]); }
  bool is_gate(uint32_t step) const;   // somebody bids, or a delivery period begins
  uint32_t end_of_period(const ServiceOffer& service, uint32_t step) const;
  int64_t promised(size_t service, const Tile& tile, uint32_t lane, uint32_t first, uint32_t end) const;
  void begin_period(size_t service, uint32_t step);
  void clear(size_t service, uint32_t step, uint32_t end);
  int64_t offer(size_t service, const Tile& tile, uint32_t lane, uint32_t step, uint32_t end, bool anew) const;
  std::vector<std::vector<int64_t>> offers_of(size_t service, uint32_t step, uint32_t end, bool anew);
  void fit_offers(size_t service, const GroupLimit& limit, const Group& group, uint32_t step, uint32_t end);
  int64_t room(const GroupLimit& limit, const Group& group, uint32_t step) const;
  void sell(uint32_t step);
  void constrain(Tile& tile, uint32_t step);
  void charge_along_taper(Tile& tile, uint32_t lane, Instant now);
  void aim(Tile& tile);
  void follow_signal(const Group& group, FleetCounts& counts);
  void apply_limit(const GroupLimit& limit, const Group& group, uint32_t step, FleetCounts& counts);
  double hours_to(const Tile& tile, uint32_t lane, double energy, double wanted) const;
  int64_t takes(const Tile& tile, uint32_t lane) const;
  int64_t gives(const Tile& tile, uint32_t lane) const;
  int64_t minutes_needed(const Tile& tile, uint32_t lane) const;
  int64_t place_in_line(SharingOrder order, const Tile& tile, uint32_t lane, uint32_t step) const;
  void meter(const Group& site, uint32_t step);
  int64_t rest_of_site(const Tile& tile, uint32_t lane, uint32_t step) const;
  int64_t rest_of_meter(uint32_t site, uint32_t step) const;
  int64_t metered(const FleetState& state, uint32_t site, uint32_t step) const;
  void activate(Tile& tile, uint64_t physics_step, int64_t* asked) const;
  void account(Tile& tile, uint32_t lane, uint64_t physics_step, int64_t delivered);

  const FleetRequest& request_;
  const FleetVehicles& vehicles_;
  const Clock& clock_;
  FleetPolicy& policy_;
  FleetSeries& series_;
  std::vector<MomentAnswer>& answers_;
  std::vector<Tile> tiles_;
  std::vector<std::vector<std::vector<Place>>> pools_;     // [service][pool]
  std::vector<std::vector<Group>> groups_;                 // [limit]: of vehicles in several tiles, or all where one of them is
  std::vector<std::vector<std::vector<Group>>> groups_of_; // [tile][limit]: of vehicles of this tile
  std::vector<Group> teams_;                               // who follows a signal together: those with vehicles in several tiles, or all where there are such
  std::vector<std::vector<Group>> teams_of_;               // [tile]: of vehicles of this tile
  std::vector<Group> sites_;                               // where site_totals are asked for: those with vehicles in several tiles, or all where there are such
  std::vector<std::vector<Group>> sites_of_;               // [tile]: of vehicles of this tile
  std::vector<int64_t> site_totals_;                       // [total][site]
  std::vector<int64_t> open_windows_;                      // [total][site]: of a peak, what its window at hand has seen
  bool is_coupled_ = false;                                // a limit's group has vehicles in several tiles
  bool is_called_ = false;                                 // a service that charges is offered beside a limit
  FleetCounts at_gates_;
  uint32_t ahead_ = 1;                                     // intervals that are decided at once
  const double hours_, physics_hours_;
};

}  // namespace wattlaw
