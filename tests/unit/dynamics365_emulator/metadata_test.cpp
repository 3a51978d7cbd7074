// Metadata: tables, columns, choices in the user's language, keys.
#include "tests/unit/dynamics365_emulator/organization.h"

namespace cosell::emulator {
namespace {

constexpr const char* kOpportunity = "EntityDefinitions(LogicalName='opportunity')";
constexpr const char* kCast = "/Microsoft.Dynamics.CRM.";

std::string column_path(const std::string& column, const std::string& type) {
  return std::string(kOpportunity) + "/Attributes(LogicalName='" + column + "')" + kCast + type;
}

TEST(Dynamics365Metadata, TellTheStagesOfTheOrganisation) {
  Organization org;
  const Json stage = org.get(column_path("salesstage", "PicklistAttributeMetadata") +
                             "?$select=LogicalName&$expand=OptionSet,GlobalOptionSet");
  EXPECT_EQ(stage["LogicalName"], "salesstage");
  EXPECT_TRUE(stage.contains("MetadataId"));
  EXPECT_FALSE(stage.contains("SchemaName"));
  EXPECT_TRUE(stage["GlobalOptionSet"].is_null());
  Json labels = Json::object();
  for (const Json& o : stage["OptionSet"]["Options"])
    labels[o["Label"]["UserLocalizedLabel"]["Label"].get<std::string>()] = o["Value"];
  EXPECT_EQ(labels["Propose"], 2);
  EXPECT_EQ(labels["Received from Microsoft"], 974830000);
}

TEST(Dynamics365Metadata, SpeakTheLanguageOfTheUser) {
  Organization org;
  org.set("user_language", 1031);
  const Json option = org.get(column_path("salesstage", "PicklistAttributeMetadata") +
                              "?$expand=OptionSet($select=Options)")["OptionSet"]["Options"][1];
  EXPECT_EQ(option["Label"]["UserLocalizedLabel"]["Label"], "Qualifizieren");
  EXPECT_EQ(option["Label"]["UserLocalizedLabel"]["LanguageCode"], 1031);
  EXPECT_EQ(option["Label"]["LocalizedLabels"].size(), 2U);
  EXPECT_EQ(option["Value"], 0) << "numbers are the same in every language";
}

TEST(Dynamics365Metadata, TellTheStateOfEachReason) {
  Organization org;
  const Json options =
      org.get(column_path("statuscode", "StatusAttributeMetadata") + "?$expand=OptionSet")["OptionSet"]["Options"];
  Json states = Json::object();
  for (const Json& o : options) states[std::to_string(o["Value"].get<int>())] = o["State"];
  EXPECT_EQ(states["2"], 0);
  EXPECT_EQ(states["3"], 1);
  EXPECT_EQ(states["5"], 2);
  EXPECT_EQ(
      org.get(column_path("statecode", "StateAttributeMetadata") + "?$expand=OptionSet")["OptionSet"]["Options"].size(),
      3U);
  EXPECT_EQ(org.call("GET", column_path("statecode", "EnumAttributeMetadata")).status, 400);
  EXPECT_EQ(org.call("GET", column_path("statecode", "PicklistAttributeMetadata")).status, 404) << "not of that type";
}

TEST(Dynamics365Metadata, ListColumnsByTypeWithTheirLimits) {
  Organization org;
  const Json texts =
      org.get(std::string(kOpportunity) + "/Attributes" + kCast +
              "StringAttributeMetadata?$select=LogicalName,MaxLength,IsValidForUpdate,IsCustomAttribute");
  Json name;
  Json referral;
  for (const Json& c : texts["value"]) {
    if (c["LogicalName"] == "name") name = c;
    if (c["LogicalName"] == "cosell_referralid") referral = c;
    EXPECT_NE(c["LogicalName"], "description");
  }
  EXPECT_EQ(name["MaxLength"], 300);
  EXPECT_EQ(referral["MaxLength"], 36);
  EXPECT_EQ(referral["IsCustomAttribute"], true);
  EXPECT_EQ(org.call("GET", std::string(kOpportunity) + "/Attributes?$select=LogicalName,MaxLength").status, 400)
      << "MaxLength belongs to the derived type";
}

TEST(Dynamics365Metadata, FilterAllColumns) {
  Organization org;
  const Json picks = org.get(std::string(kOpportunity) +
                             "/Attributes?$select=LogicalName,AttributeType&$filter=AttributeType eq "
                             "Microsoft.Dynamics.CRM.AttributeTypeCode'Picklist' and IsCustomAttribute eq true");
  ASSERT_EQ(picks["value"].size(), 1U);
  EXPECT_EQ(picks["value"][0]["LogicalName"], "cosell_help");
  org.set("missing_columns", {"cosell_help"});
  EXPECT_EQ(org.call("GET", column_path("cosell_help", "PicklistAttributeMetadata")).status, 404);
}

TEST(Dynamics365Metadata, TellHowDatesBehave) {
  Organization org;
  const std::string path = column_path("estimatedclosedate", "DateTimeAttributeMetadata");
  EXPECT_EQ(org.get(path)["DateTimeBehavior"]["Value"], "DateOnly");
  org.set("close_dates", "user_local");
  EXPECT_EQ(org.get(path)["DateTimeBehavior"]["Value"], "UserLocal");
  EXPECT_EQ(org.get(path)["Format"], "DateOnly");
}

TEST(Dynamics365Metadata, TellTablesAndKeys) {
  Organization org;
  const Json tables =
      org.get("EntityDefinitions?$select=EntitySetName,LogicalName&$filter=LogicalName eq 'opportunity'");
  ASSERT_EQ(tables["value"].size(), 1U);
  EXPECT_EQ(tables["value"][0]["EntitySetName"], "opportunities");
  EXPECT_EQ(org.get("EntityDefinitions?$select=SchemaName&$filter=ChangeTrackingEnabled eq true")["value"].size(), 3U);
  EXPECT_EQ(org.get("EntityDefinitions?$select=LogicalName&$filter=IsBPFEntity eq true")["value"].size(), 2U);
  const Json keys = org.get(std::string(kOpportunity) +
                            "?$select=SchemaName&$expand=Keys($select=KeyAttributes,EntityKeyIndexStatus)")["Keys"];
  EXPECT_EQ(keys[0]["KeyAttributes"][0], "cosell_referralid");
  EXPECT_EQ(keys[0]["EntityKeyIndexStatus"], "Active");
  const std::string id = tables["value"][0]["MetadataId"].get<std::string>();
  EXPECT_EQ(org.get("EntityDefinitions(" + id + ")?$select=LogicalName")["LogicalName"], "opportunity");
  EXPECT_EQ(org.call("GET", "EntityDefinitions(LogicalName='nothing')").status, 404);
}

TEST(Dynamics365Metadata, PutGlobalChoicesInTheirOwnPlace) {
  Organization org;
  const Json column = org.get(column_path("msdyn_forecastcategory", "PicklistAttributeMetadata") +
                              "?$expand=OptionSet,GlobalOptionSet");
  EXPECT_TRUE(column["OptionSet"].is_null());
  EXPECT_EQ(column["GlobalOptionSet"]["IsGlobal"], true);
  EXPECT_EQ(org.get("GlobalOptionSetDefinitions(Name='msdyn_forecastcategory')")["Options"].size(), 6U);
  EXPECT_EQ(org.get("GlobalOptionSetDefinitions")["value"].size(), 1U);
}

TEST(Dynamics365Metadata, ShowColumnsAndOptionsThatWereAdded) {
  Organization org;
  org.control("column", Json{{"name", "new_region"}, {"kind", "picklist"}, {"values", {"North", "South"}}});
  const std::string id = org.create(Json{{"name", "Deal"}, {"new_region", 100000001}});
  EXPECT_EQ(org.row(id)["new_region"], 100000001);
  org.control("options", Json{{"column", "salesstage"}, {"options", {{{"value", 0}, {"label", "Only"}}}}});
  EXPECT_EQ(
      org.get(column_path("salesstage", "PicklistAttributeMetadata") + "?$expand=OptionSet")["OptionSet"]["Options"]
          .size(),
      1U);
  EXPECT_EQ(org.call("PATCH", org.path_of(id), Json{{"salesstage", 1}}).status, 400);
}

}  // namespace
}  // namespace cosell::emulator
