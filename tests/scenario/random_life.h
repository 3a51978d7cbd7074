// A random life: sellers, Microsoft and the portal edit at random, requests get lost, answers break off, the process
// dies in the middle of syncs. Afterwards everything comes to rest, and then what must always hold is looked at. A life
// follows from its seed alone.
#pragma once

#include <functional>
#include <iostream>
#include <set>

#include "tests/support/world.h"

namespace cosell::test {

// What happened in all lives of a test, by name.
struct Count {
  std::int64_t times = 0;
  std::uint64_t first_seed = 0;  // of a life in which it happened
};
using Counts = std::map<std::string, Count>;

// From the environment.
std::uint64_t number_from(const char* variable, std::uint64_t usual);

class Life {
 public:
  // Those who edit leave the ties of deals alone; those who meddle do not; those who err do all that people do by
  // mistake, in companies of several kinds.
  enum class People : std::uint8_t { edit, meddle, err };

  Life(const char* crm, std::uint64_t seed, People people, Counts& counts);

  void live();

 private:
  static WorldOptions options_of(const std::string& crm, std::uint64_t seed, People people);
  void count(const std::string& what);
  void count_more(const std::string& what, std::int64_t times);
  void tell(const std::string& what);
  void happen();
  std::vector<Json> own_referrals();
  std::optional<DealId> some_deal(const std::function<bool(const store::DealRow&)>& which);
  void with_some_deal(const std::function<bool(const store::DealRow&)>& which, const std::function<void(DealId)>& what);
  std::optional<Json> some_opportunity();
  Json referral_with(const std::string& id);
  static bool linked(const store::DealRow& row) {
    return !row.crm.record_id.empty() && !row.partner_center.record_id.empty();
  }
  void come_to_rest();

  std::uint64_t below(std::uint64_t n) { return draw_.below(n); }
  bool chance(std::uint64_t percent) { return below(100) < percent; }
  int new_value() { return value_ += 1000; }
  template <typename Answer>
  void told(const std::string& command, const Answer& answer) {
    count("command " + command + (answer ? "" : ", refused"));
  }
  // Which of the edits counts in the end is not known any more.
  void spoil(const std::string& record) { spoilt_.insert(record); }
  bool is_spoilt(const Json& record) const { return all_are_spoilt_ || spoilt_.count(record["id"]) > 0; }
  void spoil_all() { all_are_spoilt_ = true; }
  const char* key_word() const { return options_.plain_key ? "plain_key" : "referral_id"; }

  // What people do (random_life_people.cpp).
  void begin_in_crm();
  void begin_in_partner_center();
  // Any opportunity, also those that the bridge made.
  void seller_edits();
  void portal_edits();
  void microsoft_answers();
  // What people do to the ties of deals, and what refuses everything for a while: whatever is under way by then.
  void meddle();
  // What the opportunity shows by now came from either side; another referral may follow it.
  void unlink(DealId id);
  void link_two();
  void edit_a_key();
  // What people do by mistake, administrators between two syncs, and systems on bad days.
  void err();
  void types_a_key();
  void deletes_or_restores();
  void opts_out_or_in();
  void copies_an_opportunity();
  void closes_on_both_sides();
  void microsoft_opens_again();
  void changes_the_mapping();
  void gives_a_command();
  void shares_and_asks();
  void moves_to_another_account();

  // What goes wrong (random_life_faults.cpp).
  void break_something();
  void plan_fault(Side side, const Json& fault);
  // What fired of the planned ones, before they are replaced by others.
  void count_faults(Side side);
  void refuse_for_a_while();
  // Everything that the bridge sends passes here.
  net::Delivered on_the_wire(Side side, const http::Request& r, const World::Go& go);
  void sets_the_clock();
  void doubles_or_delays_a_write();
  void ends_logins_and_positions();
  void changes_the_store();
  void die();

  // What must hold (random_life_look.cpp).
  void look();
  // I-01
  static void says_how_it_stands(const std::string& name, const store::DealRow& deal);
  // What the CRM tells the seller is what the bridge knows.
  void the_seller_reads_it(const store::DealRow& row, const Json& opportunity);
  // I-17: of twins and copies none is called in sync.
  void no_other_holds_its_key(const store::DealRow& row, const std::map<std::string, Json>& opportunities,
                              const std::map<std::string, Json>& referrals);
  // I-02: nobody does anything, so that nothing is written.
  void quiet_runs_write_nothing();
  // I-01, I-06, I-07: the sides show the same, and of one person's edits the last one.
  void agree(const Json& referral, const Json& opportunity);

  const People people_;
  const WorldOptions options_;
  bool edits_before_write_ = false;
  bool keeps_next_write_ = false;
  bool all_are_spoilt_ = false;
  bool resting_ = false;      // nobody does anything, and nothing fails
  bool crm_refuses_ = false;  // the bridge; people would only be told so
  World world_;
  Counts& counts_;
  SeededRandom draw_;
  CycleOptions all_;
  std::string contact_;
  int named_ = 0;
  int value_ = 10'000;
  std::vector<std::string> opportunities_;                 // begun in the CRM
  std::vector<std::string> deleted_;                       // in the bin
  std::vector<std::pair<Side, http::Request>> kept_back_;  // writes that arrive later
  // Since the sides last came to rest: what people set a record's value to, and records of which that says nothing.
  std::map<std::string, int> last_value_;
  std::set<std::string> spoilt_;
};

}  // namespace cosell::test
