// A connector with somebody in between: what the engine hands over may be answered without ever reaching the system,
// as by a rule of the CRM that no emulator has a switch for. Everything else passes.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/connector.h"

namespace cosell::test {

class Between : public Connector {
 public:
  using Answer = std::function<std::optional<std::variant<Applied, Error>>(const Operation&)>;

  // `answer`: of an operation that does not reach the system; nothing lets it pass.
  Between(Connector& system, Answer answer) : system_(system), answer_(std::move(answer)) {}

  // What is made of each page, and of what is read by id, before the engine gets it.
  std::function<void(Page&)> reads = [](Page&) {};
  std::function<void(std::vector<Observation>&)> fetches = [](std::vector<Observation>&) {};
  // A page that the system does not give; nothing lets the question pass.
  std::function<std::optional<Error>(const PullRequest&)> refuses = [](const PullRequest&) {
    return std::optional<Error>{};
  };
  std::function<void(Descriptor&)> describes = [](Descriptor&) {};
  // Why the system cannot look for what these ask.
  std::function<std::optional<Error>(std::span<const RelatedQuery>)> cannot_find = [](std::span<const RelatedQuery>) {
    return std::optional<Error>{};
  };

  std::vector<Outcome> push(Call& call, std::span<const Operation> operations) override {
    std::vector<Operation> passing;
    std::map<std::string, Outcome> outcomes;
    for (const Operation& op : operations) {
      if (auto answer = answer_(op)) {
        outcomes[op.id.value] = {op.id, std::move(*answer), ""};
      } else {
        passing.push_back(op);
      }
    }
    if (!passing.empty()) {
      for (Outcome& one : system_.push(call, passing)) outcomes[one.id.value] = std::move(one);
    }
    std::vector<Outcome> in_order;
    for (const Operation& op : operations) in_order.push_back(std::move(outcomes.at(op.id.value)));
    return in_order;
  }

  const Capabilities& capabilities() const override { return system_.capabilities(); }
  Result<Descriptor> describe(Call& call) override { return told(system_.describe(call)); }
  Result<Descriptor> describe_stages(Call& call) override { return told(system_.describe_stages(call)); }
  std::vector<Finding> check(Call& call, const std::vector<std::string>& read,
                             const std::vector<std::string>& written) override {
    return system_.check(call, read, written);
  }
  Result<Page> pull(Call& call, const PullRequest& request) override {
    if (auto refusal = refuses(request)) return *refusal;
    auto page = system_.pull(call, request);
    if (page) reads(*page);
    return page;
  }
  Result<std::vector<Observation>> fetch(Call& call, std::span<const RecordRef> refs,
                                         const std::vector<std::string>& columns) override {
    auto found = system_.fetch(call, refs, columns);
    if (found) fetches(*found);
    return found;
  }
  Result<std::vector<Observation>> related(Call& call, const RelatedQuery& query) override {
    return system_.related(call, query);
  }
  Result<std::vector<std::vector<Observation>>> related_to_each(Call& call,
                                                                std::span<const RelatedQuery> queries) override {
    if (auto why = cannot_find(queries)) return *why;
    return system_.related_to_each(call, queries);
  }
  std::string page_url(RecordKind kind, const RecordId& id) const override { return system_.page_url(kind, id); }
  RecordId normal_id(std::string_view written) const override { return system_.normal_id(written); }

 private:
  Result<Descriptor> told(Result<Descriptor> described) {
    if (described) describes(*described);
    return described;
  }

  Connector& system_;
  Answer answer_;
};

}  // namespace cosell::test
