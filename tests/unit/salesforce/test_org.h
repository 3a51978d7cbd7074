// An emulated Salesforce org with the connector in front of it.
#pragma once

#include "connectors/salesforce/emulator/salesforce_emulator.h"
#include "connectors/salesforce/salesforce_connector.h"
#include "tests/support/crm_org.h"

namespace cosell::test {

class TestOrg : public CrmOrg {
 public:
  explicit TestOrg(SalesforceSettings settings = default_settings())
      : CrmOrg(emulator::make_salesforce_emulator()), settings_(std::move(settings)) {
    reconnect();
  }

  static SalesforceSettings default_settings() {
    SalesforceSettings s;
    s.instance = kHost;
    return s;
  }

  // A new process: nothing remembered but what the engine stores.
  void reconnect() {
    tokens = net::make_token_source({std::string(kHost) + "/services/oauth2/token", "cosell-sandbox-app"},
                                    net::ClientCredentialsLogin{net::Secret("cosell-sandbox-secret")}, lane, nullptr);
    connector = make_salesforce_connector(settings_, tokens);
  }

  // A person creates an opportunity; `more` are further members (", \"Amount\":5").
  std::string create(const std::string& name, const std::string& more = "") {
    const auto answer = control("edit", R"({"object":"Opportunity","fields":{"Name":")" + name +
                                            R"(","StageName":"Prospecting","CloseDate":"2027-01-31")" + more + "}}");
    const std::string id = answer.text_of("id");
    EXPECT_FALSE(id.empty()) << json::write(answer);
    return normal_id(id);
  }
  std::string create_account(const std::string& fields) {
    return normal_id(control("edit", R"({"object":"Account","fields":)" + fields + "}").text_of("id"));
  }
  void edit(const std::string& id, const std::string& fields) {
    control("edit", R"({"id":")" + id + R"(","fields":)" + fields + "}");
  }
  std::string normal_id(const std::string& id) { return connector->normal_id(id).value; }

 private:
  SalesforceSettings settings_;
};

inline std::vector<std::string> names_of(const std::vector<Observation>& seen) { return texts_of(seen, "Name"); }

inline Columns new_deal(const std::string& name) {
  return {
      {"Name", Value(name)}, {"StageName", Value(std::string("Prospecting"))}, {"CloseDate", Value(Date{2027, 1, 31})}};
}

inline std::vector<Operation> creates_of(int deals, const std::string& keys) {
  std::vector<Operation> creates;
  for (int i = 0; i < deals; ++i) {
    creates.push_back(create_of(keys + std::to_string(i), new_deal("D" + std::to_string(i))));
  }
  return creates;
}

}  // namespace cosell::test
