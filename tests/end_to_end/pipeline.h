// A made-up sales pipeline with the dirt of a real export, as a CSV file and as what ought to become of each row. The
// expectations are worked out here from the rows alone, without any code of the product.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sandbox.h"

namespace cosell::end_to_end {

enum class Fate { created, not_selected, closed_before, unknown_country, missing };

struct Row {
  std::string title, agent, product, account, country, region, stage;
  std::string engaged, closed;  // ISO dates or ""
  std::string currency, value;

  bool open() const { return stage == "Prospecting" || stage == "Engaging"; }
  Fate fate() const;
  std::vector<std::string> lacks() const;  // what Partner Center needs and the row does not have, in its words
  double price() const;                    // of the product; 0 when nobody knows it
  std::string due() const;                 // 90 days after it was engaged
  std::string country_code() const;
};

struct Pipeline {
  explicit Pipeline(int count, unsigned seed = 7);
  std::string csv() const;
  int count(Fate fate) const;
  const Row& row(const std::string& title) const;

  std::vector<Row> rows;
};

// A sandbox whose CRM has loaded the pipeline, with the company's mapping: own stages, prices of products, close dates
// from the day of engagement.
std::unique_ptr<Sandbox> load(const Pipeline& pipeline, const std::string& crm = "salesforce");
// A referral without a stage is at 10: Partner Center shows none until one was set.
std::string stage_shown(const Json& referral);
// Every referral compared with its row: nothing twice, nothing missing, every field right.
void expect_referrals_match(const Pipeline& pipeline, const Sandbox& sandbox);

}  // namespace cosell::end_to_end
