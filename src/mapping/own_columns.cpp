// The columns that a mapping wants for the bridge alone, so that `cosell setup crm` can create what is missing.
// Standard columns that a mapping also reads (name, amount, owner) are none of them: no bridge may create those.
#include <algorithm>

#include "base/text.h"
#include "mapping/data.h"

namespace cosell::mapping {
namespace {

struct BridgeEntry {
  const char* name;  // in "bridge"
  const char* label;
  const char* help;
  ColumnKind kind;
  int length;
};

// In the order in which people meet them. 32,000 is what both CRMs take as a long text; longer messages do not occur.
constexpr BridgeEntry kBridge[] = {
    {"referral_id", "Microsoft referral ID", "Id of this deal in Microsoft Partner Center. Filled by the bridge.",
     ColumnKind::text, 36},
    {"link", "Microsoft referral", "Opens this deal in Microsoft Partner Center.", ColumnKind::link, 255},
    {"state", "Co-sell state", "Whether this deal and its referral are in sync, or what they wait for.",
     ColumnKind::text, 100},
    {"message", "Co-sell message", "What happened last, and what to do next.", ColumnKind::long_text, 32000},
    {"since", "Co-sell state since", "When the co-sell state was reached.", ColumnKind::instant, 0},
    {"microsoft_answer", "Microsoft's answer", "Whether Microsoft accepted, declined or has not answered yet.",
     ColumnKind::text, 255},
    {"microsoft_reason", "Microsoft's reason", "Why Microsoft declined, in Microsoft's words.", ColumnKind::long_text,
     32000},
    {"microsoft_crm_id", "Microsoft opportunity ID", "Number of this deal in Microsoft's own CRM.", ColumnKind::text,
     255},
    {"registration", "Deal registration", "State of the registration of this won deal.", ColumnKind::text, 255},
};

struct FieldEntry {
  Field field;
  const char* label;
  const char* help;
  ColumnKind kind;
  int length;
};

constexpr FieldEntry kFields[] = {
    {Field::visible, "Visible to Microsoft sellers",
     "Ticked: Microsoft's sellers may see this deal. Until the time in the co-sell message it can be unticked; "
     "afterwards it cannot be taken back.",
     ColumnKind::tick, 0},
    {Field::help, "Help wanted from Microsoft",
     "What Microsoft is asked to help with; asking shows the deal to Microsoft. Empty: no help is asked for. Until the "
     "time in the co-sell message it can be cleared; afterwards it cannot be taken back or changed.",
     ColumnKind::choice, 255},
    {Field::help_notes, "Notes for Microsoft's helper", "Which help is wanted. Microsoft reads this.",
     ColumnKind::long_text, 32000},
    {Field::notes, "Notes for Microsoft", "Microsoft's sellers read this.", ColumnKind::long_text, 32000},
    {Field::solutions, "Microsoft solution", "Ids of the solutions in the deal, separated by semicolons.",
     ColumnKind::text, 255},
    {Field::campaign, "Microsoft campaign", "Campaign that the deal came from.", ColumnKind::text, 255},
    {Field::marketplace_intent, "Marketplace offer", "Will the deal be sold through Microsoft's marketplace?",
     ColumnKind::choice, 255},
    {Field::consent_contact, "Customer agreed to be contacted",
     "Ticked: the customer agreed that its contacts are shared with Microsoft.", ColumnKind::tick, 0},
};

struct HelpLabel {
  const char* code;
  const char* label;
};
constexpr HelpLabel kHelpLabels[] = {
    {"", "No help required at this time"},
    {"WorkloadSpecificValueProposition", "Workload-specific value proposition"},
    {"CustomerTechnicalArchitecture", "Confirmation of technical architecture"},
    {"ProofOfConceptOrDemo", "Proof of concept or demo"},
    {"QuotesOrLicensing", "Quotes or licensing"},
    {"PostSalesCustomerSuccess", "Customer success after the sale"},
    {"GeneralOrOther", "General or other"},
};

std::string help_label(const std::string& code) {
  const auto* known =
      std::find_if(std::begin(kHelpLabels), std::end(kHelpLabels), [&](const HelpLabel& h) { return h.code == code; });
  return known == std::end(kHelpLabels) ? code : known->label;
}

std::vector<OwnColumn::Choice> choices_of(const FieldPlan& plan) {
  std::vector<OwnColumn::Choice> choices;
  const bool help = plan.rule.field == Field::help;
  for (const auto& [from, to] : plan.source.table.entries()) {
    // A table from texts to codes is already in the words of people; one from numbers needs labels.
    const bool number = from.find_first_not_of("0123456789") == std::string::npos;
    choices.push_back({from, help && number ? help_label(to) : from});
  }
  if (!choices.empty() || !help) return choices;
  for (const HelpLabel& h : kHelpLabels) {
    if (*h.code != '\0') choices.push_back({h.code, h.label});
  }
  return choices;
}

OwnColumn column_from(const std::string& name, const char* label, const char* help, ColumnKind kind, int length) {
  OwnColumn column;
  column.name = name;
  column.label = label;
  column.help = help;
  column.kind = kind;
  column.length = length;
  return column;
}

// Columns of parents ("Owner.Email") belong to other records, and one column may serve twice.
class Collector {
 public:
  void add(OwnColumn column) {
    const bool known = column.name.empty() || column.name.find('.') != std::string::npos ||
                       std::any_of(columns_.begin(), columns_.end(),
                                   [&](const OwnColumn& c) { return text::equals_ignore_case(c.name, column.name); });
    if (!known) columns_.push_back(std::move(column));
  }
  std::vector<OwnColumn> take() { return std::move(columns_); }

 private:
  std::vector<OwnColumn> columns_;
};

}  // namespace

std::vector<OwnColumn> Mapping::own_columns() const {
  const Data& d = *data_;
  Collector out;
  const bool tick = d.select_values.size() == 1 && d.select_values.front() == Value(true);
  OwnColumn select = column_from(d.select_column, "Share with Microsoft",
                                 "Decides whether this deal is kept the same in Microsoft Partner Center. What "
                                 "Microsoft's sellers see is a field of its own.",
                                 tick ? ColumnKind::tick : ColumnKind::choice, 255);
  for (const Value& v : d.select_values) {
    if (!tick) select.choices.push_back({plain_text(v), plain_text(v)});
  }
  out.add(std::move(select));
  for (const FieldEntry& entry : kFields) {
    const FieldPlan* plan = d.plan(entry.field);
    if (plan == nullptr || plan->rule.direction == Direction::off || !plan->source.has_column()) continue;
    OwnColumn column = column_from(plan->source.columns.front(), entry.label, entry.help, entry.kind, entry.length);
    if (entry.kind == ColumnKind::choice) column.choices = choices_of(*plan);
    if (entry.kind == ColumnKind::choice && column.choices.empty()) column.kind = ColumnKind::text;
    out.add(std::move(column));
  }
  for (const StageTable* table : d.stages.all()) {
    for (const StageMeaning& m : table->meanings()) {
      if (m.kind != StageMeaning::Kind::closed || !m.reason.has_column()) continue;
      out.add(column_from(m.reason.columns.front(), "Loss reason", "Why the deal was lost; Microsoft reads this.",
                          ColumnKind::text, 255));
    }
  }
  for (const BridgeEntry& entry : kBridge) {
    const auto named = d.bridge.find(entry.name);
    if (named == d.bridge.end()) continue;
    OwnColumn column = column_from(named->second, entry.label, entry.help, entry.kind, entry.length);
    column.key = named->second == d.key_column;
    out.add(std::move(column));
  }
  return out.take();
}

}  // namespace cosell::mapping
