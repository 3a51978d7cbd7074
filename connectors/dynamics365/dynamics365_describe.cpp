// Metadata of several tables in one batch becomes a descriptor.
#include "connectors/dynamics365/dynamics365_describe.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "connectors/dynamics365/dynamics365_reads.h"
#include "connectors/dynamics365/dynamics365_write_row.h"

namespace cosell::dynamics365 {
namespace {

// Lookups whose records people usually want to see beside the opportunity.
struct Parent {
  const char* navigation;
  const char* table;
};
constexpr std::array<Parent, 6> kParents = {{{"parentaccountid", "account"},
                                             {"customerid_account", "account"},
                                             {"parentcontactid", "contact"},
                                             {"ownerid", "systemuser"},
                                             {"owninguser", "systemuser"},
                                             {"transactioncurrencyid", "transactioncurrency"}}};

// As people know the parent: by the label of the opportunity's column that refers to it. A customer has one column for
// two kinds of records.
std::string label_of_parent(const std::vector<ColumnInfo>& opportunity, const std::string& parent) {
  for (const std::string& name : {parent, parent.substr(0, parent.find('_'))}) {
    const auto column =
        std::find_if(opportunity.begin(), opportunity.end(), [&](const ColumnInfo& c) { return c.name == name; });
    if (column != opportunity.end() && !column->label.empty()) return column->label;
  }
  return parent;
}

void append(std::vector<ColumnInfo>& out, const std::vector<DescribedColumn>& columns, const std::string& parent) {
  const std::string title = label_of_parent(out, parent);
  for (const DescribedColumn& c : columns) {
    ColumnInfo info = c.info;
    if (parent.empty() && c.secured) info.writable = false;
    if (!parent.empty()) {
      info.name = parent + "." + info.name;
      info.label = title + ": " + info.label;
      info.writable = info.name == kCurrencyColumn;  // it belongs to another record
      info.required = false;
    }
    const auto ways = c.ways();
    if (parent.empty() && !ways.empty()) info.writable = info.required = false;  // each way can be written
    out.push_back(std::move(info));
    for (const DescribedColumn::Way& way : ways) {
      if (!parent.empty()) break;
      ColumnInfo one = c.info;
      one.name = way.name;
      one.label += " (" + way.table + ")";
      one.writable = c.info.writable && !c.secured;
      one.required = false;
      out.push_back(std::move(one));
    }
  }
}

ColumnInfo stage_info(const std::vector<StageEntry>& stages) {
  ColumnInfo info;
  info.name = std::string(kStageColumn);
  info.label = "Stage, won and lost in one";
  info.type = "picklist";
  info.required = true;
  for (const StageEntry& s : stages) info.values.push_back(s.id);
  return info;
}

ColumnInfo process_info(const std::vector<std::string>& processes) {
  ColumnInfo info;
  info.name = std::string(kProcessColumn);
  info.label = "Business process";
  info.type = "picklist";
  info.writable = false;
  info.values = processes;
  return info;
}

}  // namespace

Dynamics365Describe::Dynamics365Describe(const Dynamics365Settings& settings, Dynamics365Client& client,
                                         Dynamics365Schema& schema, Dynamics365Processes& processes)
    : settings_(settings), stage_(settings.stage_column), client_(client), schema_(schema), processes_(processes) {}

Result<std::vector<StageEntry>> Dynamics365Describe::stages(Call& call) {
  return stages_from(call, client_.read_all(call, stage_reads()));
}

Result<std::vector<StageEntry>> Dynamics365Describe::process_stages(Call& call) {
  const auto processes = processes_.describe(call);
  if (!processes) return processes.error();
  std::vector<StageEntry> stages;
  const auto add = [&](const std::string& id, const std::string& label) {
    StageEntry s;
    StageValue value;
    value.process_stage = id;
    s.id = stage_.text_of(value);
    s.label = label;
    s.record = id;
    stages.push_back(std::move(s));
  };
  add("", "no business process");
  stages.back().active = false;  // deals may be there; none is put there
  for (const Process& process : *processes) {
    const std::string of = processes->size() == 1 ? "" : " (" + process.label + ")";
    for (const ProcessStage& stage : process.stages) {
      add(stage.id, stage.label + of);
      stages.back().first = &stage == &process.stages.front();
    }
  }
  return stages;
}

Result<std::vector<StageEntry>> Dynamics365Describe::open_stages(Call& call, const Result<http::Response>& choice) {
  if (stage_.is_process()) return process_stages(call);
  if (!choice) {
    Error e = choice.error();
    if (e.kind != ErrorClass::not_found && e.kind != ErrorClass::rejected) return e;
    return make_error(ErrorClass::config, "\"stage_column\": " + stage_.choice() +
                                              " is no choice of opportunity in Dynamics 365, or the bridge's user may "
                                              "not see it.");
  }
  auto options = Dynamics365Schema::read_options(*choice, "GET options of " + stage_.choice());
  if (!options) return std::move(options.error());
  std::vector<StageEntry> stages;
  const auto add = [&](std::optional<std::int64_t> option, const std::string& label) {
    StageEntry s;
    s.id = stage_.text_of({StageValue::State::open, option});
    s.label = label;
    stages.push_back(std::move(s));
  };
  if (!stage_.is_status()) add(std::nullopt, "no stage");
  for (const Option& o : *options) {
    if (!stage_.is_status() || o.state == 0) add(o.value, o.label);
  }
  return stages;
}

std::vector<Read> Dynamics365Describe::stage_reads() const {
  std::vector<Read> reads = {schema_.option_read("statuscode")};
  if (!stage_.is_process()) reads.push_back(schema_.option_read(stage_.choice()));
  return reads;
}

Result<std::vector<StageEntry>> Dynamics365Describe::stages_from(Call& call,
                                                                 const std::vector<Result<http::Response>>& options) {
  if (!options.front()) return options.front().error();
  auto closing = Dynamics365Schema::read_options(*options.front(), "GET options of statuscode");
  if (!closing) return std::move(closing.error());
  auto stages = open_stages(call, options.back());
  if (!stages) return stages;
  for (const auto state : {StageValue::State::won, StageValue::State::lost}) {
    for (const Option& o : *closing) {
      if (o.state != static_cast<std::int64_t>(state)) continue;
      StageEntry s;
      s.id = stage_.text_of({state, o.value});
      s.label = o.label;
      s.closed = true;
      s.won = state == StageValue::State::won;
      s.probability = s.won ? 100 : 0;
      stages->push_back(std::move(s));
    }
  }
  for (std::size_t n = 0; n < stages->size(); ++n) (*stages)[n].position = static_cast<int>(n);
  return stages;
}

Result<std::vector<RecordTypeEntry>> Dynamics365Describe::record_types(Call& call) {
  std::vector<RecordTypeEntry> types;
  if (!processes_.in_use()) return types;
  const auto processes = processes_.describe(call);
  if (!processes) return processes.error();
  const auto reasons = schema_.status_reasons(call);
  if (!reasons) return reasons.error();
  for (const Process& process : *processes) {
    RecordTypeEntry type;
    type.name = process.name;
    type.label = process.label;
    type.column = std::string(kProcessColumn);
    type.known_by = {{type.column, type.name}};
    for (const ProcessStage& stage : process.stages) {
      StageValue value;
      value.process_stage = stage.id;
      type.stages.push_back(stage_.text_of(value));
    }
    for (const Option& o : **reasons) {
      if (o.state != 0) type.stages.push_back(stage_.text_of({static_cast<StageValue::State>(o.state), o.value}));
    }
    types.push_back(std::move(type));
  }
  return types;
}

Result<void> Dynamics365Describe::name_organisation(const Result<http::Response>& answer, Descriptor& out) {
  auto organisation = organisation_in(answer);
  if (!organisation) return std::move(organisation.error());
  client_.set_organisation(*std::move(organisation));
  out.environment = client_.environment();
  out.title = client_.host() + " (" + client_.organisation() + ")";
  return {};
}

Result<Descriptor> Dynamics365Describe::describe_stages(Call& call) {
  std::vector<Read> reads = {kWhoAmI};
  for (Read& r : stage_reads()) reads.push_back(std::move(r));
  const auto answers = client_.read_all(call, reads);
  Descriptor out;
  if (auto named = name_organisation(answers.front(), out); !named) return std::move(named.error());
  auto stages = stages_from(call, {answers.begin() + 1, answers.end()});
  if (!stages) return std::move(stages.error());
  out.stages = *std::move(stages);
  return out;
}

Result<Descriptor> Dynamics365Describe::describe(Call& call) {
  std::vector<std::string> tables = {"opportunity"};
  for (const Parent& p : kParents) {
    if (std::find(tables.begin(), tables.end(), p.table) == tables.end()) tables.emplace_back(p.table);
  }
  std::vector<Read> reads = {kWhoAmI, {"organizations?$select=name", "GET organizations"}};
  const std::size_t stages_at = reads.size();
  for (Read& r : stage_reads()) reads.push_back(std::move(r));
  const std::size_t fixed = reads.size();
  for (const std::string& table : tables) {
    for (Read& r : schema_.column_reads(table)) reads.push_back(std::move(r));
  }
  const auto answers = client_.read_all(call, reads);
  Descriptor out;
  if (auto named = name_organisation(answers.front(), out); !named) return std::move(named.error());
  auto stages = stages_from(call, {answers.begin() + static_cast<std::ptrdiff_t>(stages_at),
                                   answers.begin() + static_cast<std::ptrdiff_t>(fixed)});
  if (!stages) return std::move(stages.error());
  out.stages = *std::move(stages);
  out.columns.push_back(stage_info(out.stages));
  if (processes_.in_use()) out.columns.push_back(process_info(settings_.processes));

  const std::size_t reads_of_a_table = schema_.column_reads("opportunity").size();
  for (std::size_t t = 0; t < tables.size(); ++t) {
    auto learnt = schema_.learn(call, tables[t], answers, fixed + t * reads_of_a_table);
    // Customers and owners are shown where the user may see them; without them the deals still work.
    if (!learnt && t == 0) return std::move(learnt.error());
    if (!learnt) continue;
    const auto columns = schema_.columns_of(call, tables[t]);
    if (!columns) return columns.error();
    if (t == 0) append(out.columns, **columns, "");
    for (const Parent& p : kParents) {
      if (tables[t] == p.table) append(out.columns, **columns, p.navigation);
    }
  }
  const auto named = answers[1] ? json::read(answers[1]->body) : tl::unexpected(json::ReadError{});
  const json::Value* rows = named ? named->find("value") : nullptr;
  if (rows != nullptr && !rows->items().empty() && !rows->items().front().text_of("name").empty()) {
    out.title = rows->items().front().text_of("name") + " (" + client_.organisation() + ")";
  }
  return out;
}

}  // namespace cosell::dynamics365
