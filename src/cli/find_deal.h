// From what a person types to a deal: the CRM's id, the referral's id, either address, or a part of the name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/session.h"
#include "engine/pair.h"

namespace cosell::cli {

// Exactly one deal, or an error of class config that lists the candidates.
Result<store::DealRow> find_deal(const engine::Pair& pair, const std::string& named);

// A deal that no sync may have seen yet: it becomes known while a cycle reads, and then it is the only one of the
// cycle.
class AskedDeal {
 public:
  AskedDeal(const engine::Pair& pair, std::string named) : pair_(pair), named_(std::move(named)) {}
  // For CycleOptions::only. Asked first when both sides were read; what it finds then it keeps.
  bool is(const store::DealRow& row);
  // After the cycle: it is one deal, or the error of find_deal().
  Result<void> found();
  // Where the deal stands after the cycle, why, and the next step: for people where nothing travels, and in `answer`.
  Result<void> tell(Output& output, json::Value& answer) const;

 private:
  const engine::Pair& pair_;
  std::string named_;
  std::optional<Result<store::DealRow>> deal_;
};

// The pair to look in when none was named and there are several: the one that knows the deal best, by its id before its
// whole name before a part of it. `pair` where none knows it, or none was named in `deal`. Deals of several pairs that
// fit as well are an error of class config that lists them.
Result<std::string> pair_that_knows(Session& session, const std::string& pair, const std::string& deal);

// A new deal of one of several pairs, which no store knows yet: each pair is asked, and those that do not have it are
// no failure as long as one has.
class DealOfSomePair {
 public:
  // `pair`: of pair_that_knows().
  DealOfSomePair(const Session& session, const Result<std::string>& pair)
      : several_(pair && pair->empty() && session.config.pairs.size() > 1), last_(session.config.pairs.back().name) {}
  // What AskedDeal::found() said of this pair. An answer: this pair is done.
  std::optional<PairAnswer> look_at(Session& session, const PairConfig& config, const Result<void>& found);

 private:
  bool several_;
  std::string last_;
  bool anywhere_ = false;
};

// How a command names a deal that it tells about: the CRM's id, or the referral's.
std::string short_id(const store::DealRow& row);

}  // namespace cosell::cli
