// `cosell mapping diff`: what another mapping would change, in the file and for the deals that are known. Reads only.
#include <map>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/find_deal.h"
#include "cli/mapping_files.h"
#include "mapping/compare.h"
#include "store/sqlite_store.h"

namespace cosell::cli {

namespace {

constexpr std::size_t differing_deals_told = 20;

void tell_differences(Output& output, const mapping::Mapping& before, const mapping::Mapping& after,
                      json::Value& answer) {
  const auto differences = mapping::differences(before, after);
  json::Value list = json::Value::array();
  for (const auto& d : differences) {
    output.line(output.styled(d.what, Style::strong) + (d.place.empty() ? "" : "  (" + d.place + ")"));
    output.line("    " + (d.before.empty() ? "not there" : d.before));
    output.line("  → " + (d.after.empty() ? "gone" : d.after));
    list.append(
        Object().text("what", d.what).text("before", d.before).text("after", d.after).text("place", d.place).done());
  }
  if (differences.empty()) {
    output.line(before.hash() == after.hash() ? "Both mappings say the same."
                                              : "Both mappings say the same; the files differ only in the words of "
                                                "a statement or a comment.");
  }
  answer.set("differences", std::move(list));
}

// What the known deals would mean under the other mapping. One deal at a time: any number of deals fits.
class DealsUnderBoth {
 public:
  DealsUnderBoth(const mapping::Mapping& before, const mapping::Mapping& after) : before_(before), after_(after) {}

  Result<void> look(store::Store& store) {
    store::DealFilter filter;
    while (true) {
      auto rows = store.deals(filter);
      if (!rows) return rows.error();
      if (rows->empty()) return {};
      filter.after = rows->back().id;
      for (const auto& row : *rows) {
        if (row.crm.existence != store::Existence::live || !row.crm.image.valid()) continue;
        auto columns = store.image(row.crm.image);
        if (!columns) return columns.error();
        one(row, *columns);
      }
    }
  }

  void tell(Output& output, json::Value& answer) const {
    output.line();
    output.line(grouped(changed_) + " of " + grouped(looked_at_) + " deals would change.");
    for (const auto& [what, count] : kinds_) output.line("  " + grouped(count) + "  " + what);
    for (const std::string& line : lines_) output.line(line);
    if (changed_ > static_cast<std::int64_t>(differing_deals_told)) {
      output.line("… and " + grouped(changed_ - static_cast<std::int64_t>(differing_deals_told)) +
                  " more (--json lists all)");
    }
    answer.set("deals", json::Value::integer(looked_at_));
    answer.set("changed", json::Value::integer(changed_));
    answer.set("changes", list_);
  }

  bool keep_all = false;  // for --json

 private:
  void one(const store::DealRow& row, const Columns& columns) {
    ++looked_at_;
    const auto differences = mapping::differences_for(before_, after_, columns);
    if (differences.empty()) return;
    ++changed_;
    for (const std::string& d : differences) {
      if (kinds_.size() < differing_deals_told || kinds_.count(d) > 0) ++kinds_[d];
    }
    if (lines_.size() < differing_deals_told) {
      lines_.push_back("  " + row.title + " (" + short_id(row) + "): " + text::join(differences, "; "));
    }
    if (!keep_all) return;
    json::Value said = json::Value::array();
    for (const std::string& d : differences) said.append(json::Value::string(d));
    list_.append(
        Object().text("deal", row.title).text("id", short_id(row)).value("differences", std::move(said)).done());
  }

  const mapping::Mapping& before_;
  const mapping::Mapping& after_;
  std::int64_t looked_at_ = 0;
  std::int64_t changed_ = 0;
  std::map<std::string, std::int64_t> kinds_;
  std::vector<std::string> lines_;
  json::Value list_ = json::Value::array();
};

PairAnswer look_at_deals(Session& session, const PairConfig& config, DealsUnderBoth& deals, json::Value& answer) {
  store::OpenOptions options;
  options.mode = store::OpenOptions::Mode::shared;
  options.pair = config.name;
  options.create = false;
  auto store = store::open_sqlite_store(config.store, options, session.clock());
  if (!store) return failed(session, &config, store.error());
  deals.keep_all = session.output.options().json;
  if (auto done = deals.look(**store); !done) return failed(session, &config, done.error());
  deals.tell(session.output, answer);
  PairAnswer out;
  out.json = answer;
  return out;
}

}  // namespace

int mapping_diff_command(Output& output, const std::string& config, const MappingDiffOptions& options) {
  Session session(output);
  auto before = usable_mapping(options.before);
  if (!before) return failed(session, nullptr, before.error()).code;
  auto after = usable_mapping(options.after);
  if (!after) return failed(session, nullptr, after.error()).code;
  json::Value answer = json::Value::object();
  if (!options.against_store) {
    tell_differences(output, *before, *after, answer);
    if (output.options().json) output.json(answer);
    return exit_done;
  }
  if (const auto wrong = session.start(config)) return *wrong;
  if (options.pair.empty() && session.config.pairs.size() > 1) {
    return failed(session, nullptr,
                  make_error(ErrorClass::config, "There are several pairs; say with --pair whose deals to look at: " +
                                                     text::join(session.config.names(), ", ") + "."))
        .code;
  }
  tell_differences(output, *before, *after, answer);
  return for_each_pair(session, options.pair, [&](const PairConfig& one) {
    DealsUnderBoth deals(*before, *after);
    return look_at_deals(session, one, deals, answer);
  });
}

}  // namespace cosell::cli
