// Whether two parts of a configuration lead to the same organisation.
#include <gtest/gtest.h>

#include "connectors/partner_center/partner_center_login.h"

namespace cosell {
namespace {

json::Value part(const std::string& tenant, const std::string& more = "") {
  const auto read =
      json::read("{ \"login\": { \"tenant\": \"" + tenant + "\", \"client_id\": \"" + tenant + "\" }" + more + " }");
  EXPECT_TRUE(read.has_value());
  return *read;
}

TEST(Organization, IsTheSameByAddressAndTenantAndByItsIdWhereBothNameIt) {
  const auto same = same_partner_center_organization;
  EXPECT_TRUE(same(part("contoso.onmicrosoft.com"), part("Contoso.OnMicrosoft.com")));
  EXPECT_TRUE(same(part("contoso.onmicrosoft.com"),
                   part("contoso.onmicrosoft.com", R"(, "url": "https://api.partner.microsoft.com/")")));
  EXPECT_FALSE(same(part("contoso.onmicrosoft.com"), part("fabrikam.onmicrosoft.com")));
  EXPECT_FALSE(same(part("sandbox", R"(, "url": "http://127.0.0.1:4000")"),
                    part("sandbox", R"(, "url": "http://127.0.0.1:4001")")));
  const auto with_id = [](const std::string& tenant, const std::string& id) {
    return part(tenant, R"(, "settings": { "organization_id": ")" + id + "\" }");
  };
  EXPECT_TRUE(same(with_id("contoso.onmicrosoft.com", "7D23"), with_id("72f988bf", "7d23")));
  EXPECT_FALSE(same(with_id("contoso.onmicrosoft.com", "7d23"), with_id("contoso.onmicrosoft.com", "8e34")));
  EXPECT_TRUE(same(with_id("contoso.onmicrosoft.com", "7d23"), part("contoso.onmicrosoft.com")));
}

}  // namespace
}  // namespace cosell
