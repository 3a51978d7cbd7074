// The published stage table (3.5) and the canonical fields as columns.
#include "connectors/partner_center/partner_center_schema.h"

#include <algorithm>
#include <iterator>

#include "connectors/partner_center/referral_write.h"
#include "deal/deal.h"

namespace cosell::partner_center {
namespace {

// Fields that the create carries and that later changes may not: of the own referral, or of the request to Microsoft.
constexpr Field kCreateOnly[] = {Field::name, Field::marketplace_intent, Field::customer,   Field::location,
                                 Field::help, Field::consent_contact,    Field::help_notes, Field::engagement_id};
// Without these a deal is not taken (2.8).
constexpr Field kRequired[] = {Field::name,      Field::value,    Field::close_date,
                               Field::notes,     Field::customer, Field::team,
                               Field::solutions, Field::location, Field::marketplace_intent};

bool is_in(const Field* begin, const Field* end, Field f) { return std::find(begin, end, f) != end; }

const char* type_of(Field f) {
  switch (f) {
    case Field::value:
      return "number";
    case Field::close_date:
      return "date";
    case Field::expires_at:
    case Field::created_at:
    case Field::closed_at:
      return "instant";
    case Field::visible:
    case Field::consent_contact:
    case Field::favorite:
      return "boolean";
    case Field::stage:
    case Field::standing:
    case Field::marketplace_intent:
    case Field::help:
      return "picklist";
    default:
      return "text";
  }
}

std::vector<std::string> values_of(Field f) {
  switch (f) {
    case Field::stage:
      return {"10", "20", "40", "60", "80", "100"};
    case Field::standing:
      return {"New/Pending", "New/Received",    "Active/Accepted", "Closed/Won",
              "Closed/Lost", "Closed/Declined", "Closed/Expired",  "Closed/Error"};
    case Field::marketplace_intent:
      return {"Yes", "No", "HaveNotDecided"};
    case Field::help:
      return {"GeneralOrOther",    "CustomerTechnicalArchitecture", "ProofOfConceptOrDemo",
              "QuotesOrLicensing", "PostSalesCustomerSuccess",      "WorkloadSpecificValueProposition"};
    default:
      return {};
  }
}

ColumnInfo column_for(const FieldInfo& field, const PartnerCenterSettings& settings) {
  ColumnInfo column;
  column.name = field.name;
  column.label = field.label;
  column.type = type_of(field.field);
  column.values = values_of(field.field);
  column.writable =
      can_patch(field.field, settings) || is_in(std::begin(kCreateOnly), std::end(kCreateOnly), field.field);
  column.required = is_in(std::begin(kRequired), std::end(kRequired), field.field);
  return column;
}

std::vector<StageEntry> published_stages() {
  std::vector<StageEntry> stages;
  for (const Stage s : {Stage::s10, Stage::s20, Stage::s40, Stage::s60, Stage::s80, Stage::s100}) {
    StageEntry entry;
    entry.id = std::to_string(percent_of(s));
    entry.label = s == Stage::s10 ? "Created or accepted" : stage_title(s);
    entry.position = static_cast<int>(stages.size());
    entry.probability = percent_of(s);
    entry.closed = entry.won = s == Stage::s100;
    stages.push_back(std::move(entry));
  }
  return stages;
}

}  // namespace

Descriptor describe_service(const PartnerCenterSettings& settings, const std::string& host, const Organization& owner) {
  Descriptor d;
  d.environment = owner.id.empty() ? host : host + "/" + owner.id;
  const std::string& who = owner.name.empty() ? owner.id : owner.name;
  d.title = who.empty() ? "Partner Center (" + host + ")" : who + " (" + host + ")";
  d.stages = published_stages();
  for (const FieldInfo& field : all_fields()) {
    if (field.field == Field::owner || field.field == Field::owner_email) continue;  // a CRM's own
    d.columns.push_back(column_for(field, settings));
  }
  return d;
}

}  // namespace cosell::partner_center
