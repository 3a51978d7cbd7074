// What a login is made of where the configuration leaves it open.
#include "connectors/salesforce/salesforce_login.h"

#include <gtest/gtest.h>

namespace cosell {
namespace {

TEST(SalesforceLogin, IsMeantForTheLoginServiceOfItsAddress) {
  for (const char* production : {"https://contoso.my.salesforce.com", "https://contoso.develop.my.salesforce.com",
                                 "https://sandbox.my.salesforce.com.example", "http://127.0.0.1:8080", ""}) {
    EXPECT_EQ(usual_audience(production), "https://login.salesforce.com") << production;
  }
  EXPECT_EQ(usual_audience("https://contoso--test.sandbox.my.salesforce.com"), "https://test.salesforce.com");
  EXPECT_EQ(usual_audience("https://Contoso--Test.Sandbox.My.Salesforce.com/"), "https://test.salesforce.com");
}

}  // namespace
}  // namespace cosell
