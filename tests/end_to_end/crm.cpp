// Sellers at work in each CRM. See crm.h.
#include "crm.h"

#include <gtest/gtest.h>

#include <map>

namespace cosell::end_to_end {

namespace {

class InSalesforce final : public Crm {
 public:
  explicit InSalesforce(const Sandbox& sandbox) : stand_in_(sandbox.crm), api_(sandbox) {}

  void edit(const std::string& id, const Json& words) const override {
    Json fields = Json::object();
    if (words.contains("value")) fields["Amount"] = words["value"];
    if (words.contains("due")) fields["Due__c"] = words["due"];
    if (words.contains("stage")) fields["StageName"] = words["stage"] == "40" ? "Engaging" : "Prospecting";
    api_.patch(id, fields);
  }

  std::vector<Json> opportunities() const override {
    std::vector<Json> all;
    for (const Json& o : api_.opportunities()) {
      const std::string stage = o.value("StageName", "");
      all.push_back({{"id", o["Id"]},
                     {"name", o["Name"]},
                     {"value", o.value("Amount", Json())},
                     {"due", o.value("Due__c", Json())},
                     {"stage", stage == "Engaging"      ? "40"
                               : stage == "Prospecting" ? "10"
                                                        : stage},
                     {"referral_id", o.value("Cosell_Referral_Id__c", Json())},
                     {"message", o.value("Cosell_Message__c", Json())}});
    }
    return all;
  }

  int write_requests() const override { return stand_in_.requests("PATCH"); }
  Json write_requests_match() const override { return {{"method", "PATCH"}, {"path", "/services/data"}}; }
  Json read_requests_match() const override { return {{"method", "GET"}, {"path", "/services/data"}}; }

 private:
  StandIn stand_in_;
  Salesforce api_;
};

class InDynamics365 final : public Crm {
 public:
  explicit InDynamics365(const Sandbox& sandbox) : stand_in_(sandbox.crm) {
    const Json login = Json::parse(read_text(sandbox.config()))["pairs"]["dynamics365"]["crm"]["login"];
    token_ = token_from(login["token_url"],
                        "grant_type=client_credentials&client_id=" + login["client_id"].get<std::string>() +
                            "&client_secret=" + secret_of(sandbox, "dynamics365_client_secret") +
                            "&scope=" + stand_in_.url + "/.default");
    const Json stages = request("GET",
                                "EntityDefinitions(LogicalName='opportunity')/Attributes(LogicalName='salesstage')"
                                "/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$expand=OptionSet",
                                200);
    for (const Json& option : stages["OptionSet"]["Options"]) {
      const std::string label = option["Label"]["UserLocalizedLabel"]["Label"];
      if (label == "Prospecting") numbers_["10"] = option["Value"];
      if (label == "Engaging") numbers_["40"] = option["Value"];
    }
  }

  void edit(const std::string& id, const Json& words) const override {
    Json fields = Json::object();
    if (words.contains("value")) fields["estimatedvalue"] = words["value"];
    if (words.contains("due")) fields["new_due"] = words["due"];
    if (words.contains("stage")) fields["salesstage"] = numbers_.at(words["stage"]);
    request("PATCH", "opportunities(" + id + ")", 204, fields);
  }

  std::vector<Json> opportunities() const override {
    std::vector<Json> all;
    const Json records = stand_in_.get("records");
    for (const Json& o : records["opportunities"]) {
      std::string stage = o.value("statecode", 0) == 0 ? "" : "closed";
      for (const auto& number : numbers_) {
        if (o.value("salesstage", Json()) == number.second) stage = number.first;
      }
      all.push_back({{"id", o["opportunityid"]},
                     {"name", o["name"]},
                     {"value", o.value("estimatedvalue", Json())},
                     {"due", o.value("new_due", Json())},
                     {"stage", stage},
                     {"referral_id", o.value("cosell_referralid", Json())},
                     {"message", o.value("cosell_message", Json())}});
    }
    return all;
  }

  int write_requests() const override { return stand_in_.requests("POST", "$batch"); }
  Json write_requests_match() const override { return {{"method", "POST"}, {"path", "/api/data/v9.2/$batch"}}; }
  Json read_requests_match() const override { return {{"method", "GET"}, {"path", "/api/data/v9.2"}}; }

 private:
  Json request(const std::string& method, const std::string& path, int status, const Json& body = Json()) const {
    const Answer answer = http_request(
        method, stand_in_.url + "/api/data/v9.2/" + path, body.is_null() ? "" : body.dump(),
        {"Authorization: Bearer " + token_, "Content-Type: application/json", "OData-Version: 4.0", "If-Match: *"});
    EXPECT_EQ(answer.status, status) << path << ": " << answer.body;
    return answer.json();
  }

  StandIn stand_in_;
  std::string token_;
  std::map<std::string, Json> numbers_;  // of the sales stages
};

}  // namespace

Json Crm::opportunity(const std::string& id) const {
  for (const Json& o : opportunities()) {
    if (o["id"] == id) return o;
  }
  ADD_FAILURE() << "no opportunity " << id;
  return Json::object();
}

std::unique_ptr<Crm> make_crm(const Sandbox& sandbox) {
  if (sandbox.pair == "dynamics365") return std::make_unique<InDynamics365>(sandbox);
  return std::make_unique<InSalesforce>(sandbox);
}

}  // namespace cosell::end_to_end
