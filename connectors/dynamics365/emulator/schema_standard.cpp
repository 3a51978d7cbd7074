// The standard tables as a new organisation with Dynamics 365 Sales has them, cut to what a deal bridge can meet, and
// the bridge's own columns (publisher prefix cosell).
#include "connectors/dynamics365/emulator/schema.h"

namespace cosell::emulator::dynamics365 {

namespace {

constexpr double kMoneyMost = 1e12;

Column column(const char* name, const char* schema_name, Label label, Type type) {
  Column c;
  c.name = name;
  c.schema_name = schema_name;
  c.label = std::move(label);
  c.type = type;
  return c;
}

Column text(const char* name, const char* schema_name, Label label, int max_length, const char* format = "Text") {
  Column c = column(name, schema_name, std::move(label), Type::text);
  c.max_length = max_length;
  c.format = format;
  return c;
}

Column memo(const char* name, const char* schema_name, Label label, int max_length = 2000) {
  Column c = column(name, schema_name, std::move(label), Type::memo);
  c.max_length = max_length;
  c.format = "TextArea";
  return c;
}

Column money(const char* name, const char* schema_name, Label label, bool writable = true) {
  Column c = column(name, schema_name, std::move(label), Type::money);
  c.precision = 2;
  c.least = -kMoneyMost;
  c.most = kMoneyMost;
  c.create = c.update = writable;
  return c;
}

Column integer(const char* name, const char* schema_name, Label label, double least, double most) {
  Column c = column(name, schema_name, std::move(label), Type::integer);
  c.format = "None";
  c.least = least;
  c.most = most;
  return c;
}

Column decimal(const char* name, const char* schema_name, Label label, int precision) {
  Column c = column(name, schema_name, std::move(label), Type::decimal);
  c.precision = precision;
  c.least = -1e11;
  c.most = 1e11;
  return c;
}

Column day(const char* name, const char* schema_name, Label label) {
  Column c = column(name, schema_name, std::move(label), Type::day);
  c.format = "DateOnly";
  return c;
}

Column moment(const char* name, const char* schema_name, Label label) {
  Column c = column(name, schema_name, std::move(label), Type::moment);
  c.format = "DateAndTime";
  return c;
}

Column boolean(const char* name, const char* schema_name, Label label, Label no = {"No", "Nein"},
               Label yes = {"Yes", "Ja"}) {
  Column c = column(name, schema_name, std::move(label), Type::boolean);
  c.options = {Option{0, std::move(no)}, Option{1, std::move(yes)}};
  return c;
}

Column choice(const char* name, const char* schema_name, Label label, std::vector<Option> options) {
  Column c = column(name, schema_name, std::move(label), Type::choice);
  c.options = std::move(options);
  return c;
}

Column lookup(const char* name, const char* schema_name, Label label, std::vector<LookupTarget> targets) {
  Column c = column(name, schema_name, std::move(label), Type::lookup);
  c.targets = std::move(targets);
  return c;
}

Column read_only(Column c) {
  c.create = c.update = false;
  return c;
}

Column required(Column c, Required level = Required::application) {
  c.required = level;
  return c;
}

Column state(std::vector<Option> options) {
  Column c = column("statecode", "StateCode", {"Status", "Status"}, Type::state);
  c.options = std::move(options);
  c.create = false;
  c.required = Required::system;
  return c;
}

Column status(std::vector<Option> options) {
  Column c = column("statuscode", "StatusCode", {"Status Reason", "Statusgrund"}, Type::status);
  c.options = std::move(options);
  return c;
}

Column system_column(const char* name, const char* schema_name, Label label, Type type, System system) {
  Column c = read_only(column(name, schema_name, std::move(label), type));
  c.system = system;
  return c;
}

// A table with the columns that every table has.
Table table(const char* name, const char* set, const char* schema_name, Label label, Label plural) {
  Table t;
  t.name = name;
  t.set = set;
  t.schema_name = schema_name;
  t.label = std::move(label);
  t.plural = std::move(plural);
  return t;
}

void add_id(Table& t, const char* name, const char* schema_name) {
  Column id = system_column(name, schema_name, t.label, Type::id, System::id);
  id.create = true;
  id.required = Required::system;
  t.primary_id = t.add(std::move(id));
}

void add_history(Table& t) {
  t.add(system_column("createdon", "CreatedOn", {"Created On", "Erstellt am"}, Type::moment, System::created_on));
  Column by = system_column("createdby", "CreatedBy", {"Created By", "Erstellt von"}, Type::lookup, System::created_by);
  by.targets = {{"systemuser", "createdby"}};
  t.add(std::move(by));
  t.add(system_column("modifiedon", "ModifiedOn", {"Modified On", "Ge\xC3\xA4ndert am"}, Type::moment,
                      System::modified_on));
  by = system_column("modifiedby", "ModifiedBy", {"Modified By", "Ge\xC3\xA4ndert von"}, Type::lookup,
                     System::modified_by);
  by.targets = {{"systemuser", "modifiedby"}};
  t.add(std::move(by));
  t.add(system_column("versionnumber", "VersionNumber", {"Version Number", "Versionsnummer"}, Type::big,
                      System::version));
}

void add_owner(Table& t) {
  t.add(required(lookup("ownerid", "OwnerId", {"Owner", "Besitzer"}, {{"systemuser", "ownerid"}, {"team", "ownerid"}}),
                 Required::system));
  t.add(read_only(
      lookup("owninguser", "OwningUser", {"Owning User", "Besitzer (Benutzer)"}, {{"systemuser", "owninguser"}})));
}

void add_currency(Table& t) {
  t.add(lookup("transactioncurrencyid", "TransactionCurrencyId", {"Currency", "W\xC3\xA4hrung"},
               {{"transactioncurrency", "transactioncurrencyid"}}));
  Column rate = read_only(decimal("exchangerate", "ExchangeRate", {"Exchange Rate", "Wechselkurs"}, 12));
  t.add(std::move(rate));
}

void add_active_state(Table& t) {
  t.add(state({Option{0, {"Active", "Aktiv"}}, Option{1, {"Inactive", "Inaktiv"}}}));
  t.add(status({Option{1, {"Active", "Aktiv"}, 0}, Option{2, {"Inactive", "Inaktiv"}, 1}}));
}

void add_address(Table& t) {
  t.add(text("address1_line1", "Address1_Line1",
             {"Address 1: Street 1",
              "Adresse 1: Stra\xC3\x9F"
              "e 1"},
             250));
  t.add(text("address1_line2", "Address1_Line2",
             {"Address 1: Street 2",
              "Adresse 1: Stra\xC3\x9F"
              "e 2"},
             250));
  t.add(text("address1_city", "Address1_City", {"Address 1: City", "Adresse 1: Ort"}, 80));
  t.add(text("address1_stateorprovince", "Address1_StateOrProvince",
             {"Address 1: State/Province", "Adresse 1: Bundesland"}, 50));
  t.add(text("address1_postalcode", "Address1_PostalCode", {"Address 1: ZIP/Postal Code", "Adresse 1: Postleitzahl"},
             20));
  t.add(text("address1_country", "Address1_Country", {"Address 1: Country/Region", "Adresse 1: Land/Region"}, 80));
}

Column bridge(Column c) {
  c.custom = true;
  return c;
}

std::vector<Option> help_options() {
  return {Option{974830000, {"No help required at this time", "Zurzeit keine Hilfe"}},
          Option{974830001, {"Workload Specific Value Proposition", "Nutzenversprechen zur Workload"}},
          Option{974830002, {"Customer Technical Architecture", "Technische Architektur"}},
          Option{974830003, {"Proof Of Concept or Demo", "Machbarkeitsnachweis oder Demo"}},
          Option{974830004, {"Quotes or Licensing", "Angebote oder Lizenzierung"}},
          Option{974830005, {"Post Sales Customer Success", "Kundenerfolg nach dem Verkauf"}},
          Option{974830006, {"General or Other", "Allgemein oder Sonstiges"}}};
}

void add_bridge(Table& t) {
  t.add(bridge(boolean("cosell_sync", "cosell_Sync", {"Share with Microsoft", "Mit Microsoft teilen"})));
  t.add(bridge(
      choice("cosell_help", "cosell_Help", {"Help wanted from Microsoft", "Hilfe von Microsoft"}, help_options())));
  t.add(bridge(
      memo("cosell_helpnotes", "cosell_HelpNotes", {"Notes for Microsoft's helper", "Notizen zur Hilfe"}, 4000)));
  t.add(bridge(
      boolean("cosell_visible", "cosell_Visible", {"Visible to Microsoft sellers", "F\xC3\xBCr Microsoft sichtbar"})));
  t.add(bridge(memo("cosell_notes", "cosell_Notes", {"Notes for Microsoft", "Notizen f\xC3\xBCr Microsoft"}, 4000)));
  t.add(bridge(text("cosell_solution", "cosell_Solution", {"Microsoft solution", "Microsoft-L\xC3\xB6sung"}, 255)));
  const auto referral = t.add(
      bridge(text("cosell_referralid", "cosell_ReferralId", {"Microsoft referral ID", "Microsoft-Referral-ID"}, 36)));
  t.add(bridge(
      text("cosell_referrallink", "cosell_ReferralLink", {"Microsoft referral", "Microsoft-Referral"}, 500, "Url")));
  t.add(bridge(text("cosell_state", "cosell_State", {"Co-sell state", "Co-Sell-Stand"}, 100)));
  t.add(bridge(memo("cosell_message", "cosell_Message", {"Co-sell message", "Co-Sell-Meldung"}, 4000)));
  t.add(bridge(moment("cosell_since", "cosell_Since", {"Co-sell state since", "Co-Sell-Stand seit"})));
  t.add(bridge(
      text("cosell_microsoftanswer", "cosell_MicrosoftAnswer", {"Microsoft's answer", "Antwort von Microsoft"}, 255)));
  t.add(bridge(
      memo("cosell_microsoftreason", "cosell_MicrosoftReason", {"Microsoft's reason", "Grund von Microsoft"}, 4000)));
  t.add(bridge(
      text("cosell_microsoftid", "cosell_MicrosoftId", {"Microsoft opportunity ID", "Microsoft-Verkaufschance"}, 255)));
  t.add(bridge(text("cosell_registration", "cosell_Registration", {"Deal registration", "Registrierung"}, 255)));
  t.add(bridge(text("cosell_lossreason", "cosell_LossReason", {"Loss reason", "Verlustgrund"}, 255)));
  t.add(bridge(text("cosell_campaign", "cosell_Campaign", {"Microsoft campaign", "Microsoft-Kampagne"}, 255)));
  t.add(bridge(text("cosell_marketplace", "cosell_Marketplace", {"Marketplace offer", "Marketplace-Angebot"}, 255)));
  t.keys.push_back({"cosell_referralkey", "Microsoft referral ID", {referral}});
}

}  // namespace

namespace standard {

Table opportunity() {
  Table t = table("opportunity", "opportunities", "Opportunity", {"Opportunity", "Verkaufschance"},
                  {"Opportunities", "Verkaufschancen"});
  t.type_code = 3;
  add_id(t, "opportunityid", "OpportunityId");
  t.primary_name = t.add(required(text("name", "Name", {"Topic", "Thema"}, 300)));
  t.add(memo("description", "Description", {"Description", "Beschreibung"}));
  t.add(required(lookup("customerid", "CustomerId", {"Potential Customer", "Potenzieller Kunde"},
                        {{"account", "customerid_account"}, {"contact", "customerid_contact"}})));
  t.add(lookup("parentaccountid", "ParentAccountId", {"Account", "Firma"}, {{"account", "parentaccountid"}}));
  t.add(lookup("parentcontactid", "ParentContactId", {"Contact", "Kontakt"}, {{"contact", "parentcontactid"}}));
  add_currency(t);
  t.columns[t.at("transactioncurrencyid")].required = Required::application;
  t.add(money("estimatedvalue", "EstimatedValue", {"Est. revenue", "Gesch. Umsatz"}));
  t.add(money("estimatedvalue_base", "EstimatedValue_Base", {"Est. Revenue (Base)", "Gesch. Umsatz (Basis)"}, false));
  t.add(money("actualvalue", "ActualValue",
              {"Actual Revenue",
               "Tats\xC3\xA4"
               "chlicher Umsatz"}));
  t.add(money("actualvalue_base", "ActualValue_Base",
              {"Actual Revenue (Base)",
               "Tats\xC3\xA4"
               "chlicher Umsatz (Basis)"},
              false));
  t.add(money("totalamount", "TotalAmount", {"Total Amount", "Gesamtbetrag"}, false));
  t.add(money("budgetamount", "BudgetAmount", {"Budget Amount", "Budgetbetrag"}));
  t.add(boolean("isrevenuesystemcalculated", "IsRevenueSystemCalculated", {"Revenue", "Umsatz"},
                {"User Provided", "Vom Benutzer"}, {"System Calculated", "Vom System berechnet"}));
  t.add(day("estimatedclosedate", "EstimatedCloseDate", {"Est. close date", "Gesch. Abschlussdatum"}));
  t.add(day("actualclosedate", "ActualCloseDate",
            {"Actual Close Date",
             "Tats\xC3\xA4"
             "chliches Abschlussdatum"}));
  t.add(day("finaldecisiondate", "FinalDecisionDate", {"Final Decision Date", "Datum der Entscheidung"}));
  t.add(integer("closeprobability", "CloseProbability", {"Probability", "Wahrscheinlichkeit"}, 0, 100));
  t.add(text("stepname", "StepName", {"Pipeline Phase", "Pipelinephase"}, 200));
  t.add(choice("salesstage", "SalesStage", {"Sales Stage", "Verkaufsphase"},
               {Option{kReceivedFromMicrosoft, {"Received from Microsoft", "Von Microsoft erhalten"}},
                Option{0, {"Qualify", "Qualifizieren"}}, Option{1, {"Develop", "Entwickeln"}},
                Option{2, {"Propose", "Anbieten"}},
                Option{3,
                       {"Close",
                        "Abschlie\xC3\x9F"
                        "en"}}}));
  t.add(choice("salesstagecode", "SalesStageCode", {"Process Code", "Prozesscode"},
               {Option{1, {"Default Value", "Standardwert"}}}));
  t.add(column("processid", "ProcessId", {"Process", "Prozess"}, Type::id));
  t.add(state({Option{0, {"Open", "Offen"}}, Option{1, {"Won", "Gewonnen"}}, Option{2, {"Lost", "Verloren"}}}));
  t.add(status({Option{1, {"In Progress", "In Bearbeitung"}, 0}, Option{2, {"On Hold", "Angehalten"}, 0},
                Option{kReceivedFromMicrosoft, {"Received from Microsoft", "Von Microsoft erhalten"}, 0},
                Option{3, {"Won", "Gewonnen"}, 1}, Option{4, {"Canceled", "Storniert"}, 2},
                Option{5, {"Out-Sold", "An Mitbewerber verloren"}, 2}}));
  Column rating = choice("opportunityratingcode", "OpportunityRatingCode", {"Rating", "Bewertung"},
                         {Option{1, {"Hot", "Hei\xC3\x9F"}}, Option{2, {"Warm", "Warm"}}, Option{3, {"Cold", "Kalt"}}});
  t.add(std::move(rating));
  t.add(choice("prioritycode", "PriorityCode", {"Priority", "Priorit\xC3\xA4t"},
               {Option{1, {"Default Value", "Standardwert"}}}));
  Column forecast =
      choice("msdyn_forecastcategory", "msdyn_forecastcategory", {"Forecast category", "Prognosekategorie"},
             {Option{100000001, {"Pipeline", "Pipeline"}}, Option{100000002, {"Best case", "Bester Fall"}},
              Option{100000003, {"Committed", "Zugesichert"}}, Option{100000004, {"Omitted", "Ausgelassen"}},
              Option{100000005, {"Won", "Gewonnen"}}, Option{100000006, {"Lost", "Verloren"}}});
  forecast.option_set = "msdyn_forecastcategory";
  t.add(std::move(forecast));
  t.add(choice("purchasetimeframe", "PurchaseTimeframe", {"Purchase Timeframe", "Kaufzeitraum"},
               {Option{0, {"Immediate", "Sofort"}}, Option{1, {"This Quarter", "Dieses Quartal"}},
                Option{2,
                       {"Next Quarter",
                        "N\xC3\xA4"
                        "chstes Quartal"}},
                Option{3, {"This Year", "Dieses Jahr"}}, Option{4, {"Unknown", "Unbekannt"}}}));
  t.add(choice("need", "Need", {"Need", "Bedarf"},
               {Option{0, {"Must have", "Zwingend"}}, Option{1, {"Should have", "Wichtig"}},
                Option{2, {"Good to have", "W\xC3\xBCnschenswert"}}, Option{3, {"No need", "Kein Bedarf"}}}));
  t.add(text("emailaddress", "EmailAddress", {"Email Address", "E-Mail-Adresse"}, 100, "Email"));
  t.add(memo("currentsituation", "CurrentSituation", {"Current Situation", "Aktuelle Situation"}));
  t.add(memo("customerneed", "CustomerNeed", {"Customer Need", "Kundenbedarf"}));
  t.add(memo("proposedsolution", "ProposedSolution", {"Proposed Solution", "L\xC3\xB6sungsvorschlag"}));
  t.add(memo("qualificationcomments", "QualificationComments", {"Qualification Comments", "Kommentare"}));
  t.add(memo("customerpainpoints", "CustomerPainPoints", {"Customer Pain Points", "Probleme des Kunden"}));
  t.add(integer("importsequencenumber", "ImportSequenceNumber", {"Import Sequence Number", "Importnummer"},
                -2147483648.0, 2147483647.0));
  t.columns.back().update = false;
  add_owner(t);
  add_history(t);
  add_bridge(t);
  t.collections = {{"Opportunity_OpportunityClose", "opportunityclose", "opportunityid"},
                   {"opportunity_opportunitysalesprocess", "opportunitysalesprocess", "opportunityid"},
                   {"opportunity_leadtoopportunitysalesprocess", "leadtoopportunitysalesprocess", "opportunityid"}};
  return t;
}

Table account() {
  Table t = table("account", "accounts", "Account", {"Account", "Firma"}, {"Accounts", "Firmen"});
  t.type_code = 1;
  add_id(t, "accountid", "AccountId");
  t.primary_name = t.add(required(text("name", "Name", {"Account Name", "Firmenname"}, 160)));
  t.add(text("accountnumber", "AccountNumber", {"Account Number", "Firmennummer"}, 20));
  add_address(t);
  t.add(text("telephone1", "Telephone1", {"Main Phone", "Haupttelefon"}, 50, "Phone"));
  t.add(text("emailaddress1", "EMailAddress1", {"Email", "E-Mail"}, 100, "Email"));
  t.add(text("websiteurl", "WebSiteURL", {"Website", "Website"}, 200, "Url"));
  t.add(memo("description", "Description", {"Description", "Beschreibung"}));
  t.add(integer("numberofemployees", "NumberOfEmployees", {"Number of Employees", "Anzahl der Mitarbeiter"}, 0,
                1000000000));
  t.add(money("revenue", "Revenue", {"Annual Revenue", "Jahresumsatz"}));
  t.add(choice("industrycode", "IndustryCode", {"Industry", "Branche"},
               {Option{1, {"Accounting", "Buchhaltung"}}, Option{7, {"Consulting", "Beratung"}},
                Option{12, {"Durable Manufacturing", "Herstellung"}}, Option{16, {"Financial", "Finanzen"}},
                Option{19, {"Insurance", "Versicherung"}}, Option{33, {"Wholesale", "Gro\xC3\x9Fhandel"}}}));
  t.add(lookup("primarycontactid", "PrimaryContactId", {"Primary Contact", "Hauptkontakt"},
               {{"contact", "primarycontactid"}}));
  t.add(lookup("parentaccountid", "ParentAccountId",
               {"Parent Account",
                "\xC3\x9C"
                "bergeordnete Firma"},
               {{"account", "parentaccountid"}}));
  add_currency(t);
  add_active_state(t);
  add_owner(t);
  add_history(t);
  t.collections = {{"opportunity_parent_account", "opportunity", "parentaccountid"},
                   {"contact_customer_accounts", "contact", "parentcustomerid"}};
  return t;
}

Table contact() {
  Table t = table("contact", "contacts", "Contact", {"Contact", "Kontakt"}, {"Contacts", "Kontakte"});
  t.type_code = 2;
  add_id(t, "contactid", "ContactId");
  t.primary_name = t.add(read_only(text("fullname", "FullName", {"Full Name", "Vollst\xC3\xA4ndiger Name"}, 160)));
  t.add(text("firstname", "FirstName", {"First Name", "Vorname"}, 50));
  t.add(required(text("lastname", "LastName", {"Last Name", "Nachname"}, 50)));
  t.add(text("emailaddress1", "EMailAddress1", {"Email", "E-Mail"}, 100, "Email"));
  t.add(text("telephone1", "Telephone1", {"Business Phone", "Telefon (gesch.)"}, 50, "Phone"));
  t.add(text("mobilephone", "MobilePhone", {"Mobile Phone", "Mobiltelefon"}, 50, "Phone"));
  t.add(text("jobtitle", "JobTitle", {"Job Title", "Position"}, 100));
  t.add(lookup("parentcustomerid", "ParentCustomerId", {"Company Name", "Firmenname"},
               {{"account", "parentcustomerid_account"}, {"contact", "parentcustomerid_contact"}}));
  add_address(t);
  add_currency(t);
  add_active_state(t);
  add_owner(t);
  add_history(t);
  return t;
}

Table systemuser() {
  Table t = table("systemuser", "systemusers", "SystemUser", {"User", "Benutzer"}, {"Users", "Benutzer"});
  t.type_code = 8;
  add_id(t, "systemuserid", "SystemUserId");
  t.primary_name = t.add(read_only(text("fullname", "FullName", {"Full Name", "Vollst\xC3\xA4ndiger Name"}, 200)));
  t.add(text("firstname", "FirstName", {"First Name", "Vorname"}, 256));
  t.add(text("lastname", "LastName", {"Last Name", "Nachname"}, 256));
  t.add(text("domainname", "DomainName", {"User Name", "Benutzername"}, 1024));
  t.add(text("internalemailaddress", "InternalEMailAddress", {"Primary Email", "Prim\xC3\xA4re E-Mail"}, 100, "Email"));
  t.add(text("address1_telephone1", "Address1_Telephone1", {"Main Phone", "Haupttelefon"}, 64, "Phone"));
  t.add(text("mobilephone", "MobilePhone", {"Mobile Phone", "Mobiltelefon"}, 64, "Phone"));
  t.add(text("title", "Title", {"Title", "Position"}, 128));
  t.add(
      boolean("isdisabled", "IsDisabled", {"Status", "Status"}, {"Enabled", "Aktiviert"}, {"Disabled", "Deaktiviert"}));
  t.add(column("applicationid", "ApplicationId", {"Application ID", "Anwendungs-ID"}, Type::id));
  t.add(column("azureactivedirectoryobjectid", "AzureActiveDirectoryObjectId",
               {"Azure AD Object ID", "Azure AD-Objekt-ID"}, Type::id));
  t.add(lookup("businessunitid", "BusinessUnitId", {"Business Unit", "Unternehmenseinheit"},
               {{"businessunit", "businessunitid"}}));
  t.add(lookup("transactioncurrencyid", "TransactionCurrencyId", {"Currency", "W\xC3\xA4hrung"},
               {{"transactioncurrency", "transactioncurrencyid"}}));
  add_history(t);
  return t;
}

Table team() {
  Table t = table("team", "teams", "Team", {"Team", "Team"}, {"Teams", "Teams"});
  t.type_code = 9;
  add_id(t, "teamid", "TeamId");
  t.primary_name = t.add(text("name", "Name", {"Team Name", "Teamname"}, 160));
  add_history(t);
  return t;
}

Table businessunit() {
  Table t = table("businessunit", "businessunits", "BusinessUnit", {"Business Unit", "Unternehmenseinheit"},
                  {"Business Units", "Unternehmenseinheiten"});
  t.type_code = 10;
  t.writable = false;
  add_id(t, "businessunitid", "BusinessUnitId");
  t.primary_name = t.add(text("name", "Name", {"Name", "Name"}, 160));
  add_history(t);
  return t;
}

Table organization() {
  Table t = table("organization", "organizations", "Organization", {"Organization", "Organisation"},
                  {"Organizations", "Organisationen"});
  t.type_code = 1019;
  t.writable = false;
  add_id(t, "organizationid", "OrganizationId");
  t.primary_name = t.add(text("name", "Name", {"Organization Name", "Organisationsname"}, 160));
  t.add(lookup("basecurrencyid", "BaseCurrencyId", {"Currency", "W\xC3\xA4hrung"},
               {{"transactioncurrency", "basecurrencyid"}}));
  t.add(integer("languagecode", "LanguageCode", {"Language", "Sprache"}, 0, 100000));
  t.add(integer("localeid", "LocaleId", {"Locale", "Gebietsschema"}, 0, 100000));
  t.add(integer("expirechangetrackingindays", "ExpireChangeTrackingInDays",
                {"Days to Expire Change Tracking Deleted Records", "Ablauf der \xC3\x84nderungsnachverfolgung"}, 0,
                365));
  t.add(boolean("isduplicatedetectionenabled", "IsDuplicateDetectionEnabled",
                {"Is Duplicate Detection Enabled", "Duplikaterkennung"}));
  add_history(t);
  return t;
}

Table transactioncurrency() {
  Table t = table("transactioncurrency", "transactioncurrencies", "TransactionCurrency", {"Currency", "W\xC3\xA4hrung"},
                  {"Currencies", "W\xC3\xA4hrungen"});
  t.type_code = 9105;
  t.writable = false;
  add_id(t, "transactioncurrencyid", "TransactionCurrencyId");
  t.primary_name = t.add(text("currencyname", "CurrencyName", {"Currency Name", "W\xC3\xA4hrungsname"}, 100));
  t.add(text("isocurrencycode", "ISOCurrencyCode", {"Currency Code", "W\xC3\xA4hrungscode"}, 5));
  t.add(text("currencysymbol", "CurrencySymbol", {"Currency Symbol", "W\xC3\xA4hrungssymbol"}, 13));
  t.add(integer("currencyprecision", "CurrencyPrecision", {"Currency Precision", "W\xC3\xA4hrungsgenauigkeit"}, 0, 4));
  t.add(decimal("exchangerate", "ExchangeRate", {"Exchange Rate", "Wechselkurs"}, 12));
  add_active_state(t);
  add_history(t);
  return t;
}

Table opportunityclose() {
  Table t = table("opportunityclose", "opportunitycloses", "OpportunityClose",
                  {"Opportunity Close", "Verkaufschancenabschluss"},
                  {"Opportunity Close Activities", "Verkaufschancenabschl\xC3\xBCsse"});
  t.type_code = 4208;
  t.writable = false;
  add_id(t, "activityid", "ActivityId");
  t.primary_name = t.add(text("subject", "Subject", {"Subject", "Betreff"}, 400));
  t.add(memo("description", "Description", {"Description", "Beschreibung"}));
  t.add(moment("actualend", "ActualEnd", {"Close Date", "Abschlussdatum"}));
  t.add(money("actualrevenue", "ActualRevenue",
              {"Actual Revenue",
               "Tats\xC3\xA4"
               "chlicher Umsatz"}));
  t.add(
      lookup("opportunityid", "OpportunityId", {"Opportunity", "Verkaufschance"}, {{"opportunity", "opportunityid"}}));
  t.add(lookup("transactioncurrencyid", "TransactionCurrencyId", {"Currency", "W\xC3\xA4hrung"},
               {{"transactioncurrency", "transactioncurrencyid"}}));
  t.add(
      integer("opportunitystatecode", "OpportunityStateCode", {"Opportunity Status", "Verkaufschancenstatus"}, 0, 10));
  t.add(integer("opportunitystatuscode", "OpportunityStatusCode", {"Opportunity Status Reason", "Statusgrund"}, -1,
                2147483647));
  add_history(t);
  return t;
}

Table workflow() {
  Table t = table("workflow", "workflows", "Workflow", {"Process", "Prozess"}, {"Processes", "Prozesse"});
  t.type_code = 4703;
  t.writable = false;
  add_id(t, "workflowid", "WorkflowId");
  t.primary_name = t.add(text("name", "Name", {"Process Name", "Prozessname"}, 100));
  t.add(text("uniquename", "UniqueName", {"Unique Name", "Eindeutiger Name"}, 256));
  t.add(text("primaryentity", "PrimaryEntity", {"Primary Entity", "Prim\xC3\xA4re Entit\xC3\xA4t"}, 100));
  t.add(choice("category", "Category", {"Category", "Kategorie"},
               {Option{0, {"Workflow", "Workflow"}}, Option{4,
                                                            {"Business Process Flow",
                                                             "Gesch\xC3\xA4"
                                                             "ftsprozessfluss"}}}));
  add_active_state(t);
  add_history(t);
  return t;
}

Table publisher() {
  Table t = table("publisher", "publishers", "Publisher", {"Publisher", "Herausgeber"}, {"Publishers", "Herausgeber"});
  t.type_code = 7101;
  add_id(t, "publisherid", "PublisherId");
  t.primary_name =
      t.add(required(text("friendlyname", "FriendlyName", {"Display Name", "Anzeigename"}, 256), Required::system));
  t.add(required(text("uniquename", "UniqueName", {"Name", "Name"}, 256), Required::system));
  t.add(required(text("customizationprefix", "CustomizationPrefix",
                      {"Prefix",
                       "Pr\xC3\xA4"
                       "fix"},
                      8),
                 Required::system));
  t.add(integer("customizationoptionvalueprefix", "CustomizationOptionValuePrefix",
                {"Option Value Prefix",
                 "Optionswertpr\xC3\xA4"
                 "fix"},
                10000, 99999));
  add_history(t);
  return t;
}

Table solution() {
  Table t = table("solution", "solutions", "Solution", {"Solution", "L\xC3\xB6sung"}, {"Solutions", "L\xC3\xB6sungen"});
  t.type_code = 7100;
  add_id(t, "solutionid", "SolutionId");
  t.primary_name =
      t.add(required(text("friendlyname", "FriendlyName", {"Display Name", "Anzeigename"}, 256), Required::system));
  t.add(required(text("uniquename", "UniqueName", {"Name", "Name"}, 65), Required::system));
  t.add(required(text("version", "Version", {"Version", "Version"}, 256), Required::system));
  t.add(lookup("publisherid", "PublisherId", {"Publisher", "Herausgeber"}, {{"publisher", "publisherid"}}));
  add_history(t);
  return t;
}

Table processstage() {
  Table t = table("processstage", "processstages", "ProcessStage", {"Process Stage", "Prozessphase"},
                  {"Process Stages", "Prozessphasen"});
  t.type_code = 4724;
  t.writable = false;
  t.owned = false;
  add_id(t, "processstageid", "ProcessStageId");
  t.primary_name = t.add(text("stagename", "StageName", {"Stage Name", "Phasenname"}, 100));
  t.add(lookup("processid", "ProcessId", {"Process", "Prozess"}, {{"workflow", "processid"}}));
  t.add(choice("stagecategory", "StageCategory", {"Stage Category", "Phasenkategorie"},
               {Option{0, {"Qualify", "Qualifizieren"}}, Option{1, {"Develop", "Entwickeln"}},
                Option{2, {"Propose", "Anbieten"}},
                Option{3,
                       {"Close",
                        "Abschlie\xC3\x9F"
                        "en"}}}));
  t.add(
      text("primaryentitytypecode", "PrimaryEntityTypeCode", {"Primary Entity", "Prim\xC3\xA4re Entit\xC3\xA4t"}, 100));
  add_history(t);
  return t;
}

namespace {

Table process_instances(const char* name, const char* set, const char* schema_name, Label label, Label plural) {
  Table t = table(name, set, schema_name, std::move(label), std::move(plural));
  t.process = true;
  t.writable = false;
  add_id(t, "businessprocessflowinstanceid", "BusinessProcessFlowInstanceId");
  t.primary_name = t.add(text("name", "Name", {"Process Name", "Prozessname"}, 100));
  t.add(
      lookup("opportunityid", "OpportunityId", {"Opportunity", "Verkaufschance"}, {{"opportunity", "opportunityid"}}));
  t.add(lookup("processid", "ProcessId", {"Process", "Prozess"}, {{"workflow", "processid"}}));
  t.add(
      lookup("activestageid", "ActiveStageId", {"Active Stage", "Aktive Phase"}, {{"processstage", "activestageid"}}));
  t.add(moment("activestagestartedon", "ActiveStageStartedOn", {"Active Stage Started On", "Aktive Phase seit"}));
  t.add(text("traversedpath", "TraversedPath", {"Traversed Path", "Durchlaufener Pfad"}, 1250));
  t.add(state({Option{0, {"Active", "Aktiv"}}, Option{1, {"Inactive", "Inaktiv"}}}));
  t.add(status({Option{1, {"Active", "Aktiv"}, 0}, Option{2, {"Finished", "Fertig gestellt"}, 1},
                Option{3, {"Aborted", "Abgebrochen"}, 1}}));
  add_history(t);
  return t;
}

}  // namespace

Table opportunitysalesprocess() {
  return process_instances("opportunitysalesprocess", "opportunitysalesprocesses", "OpportunitySalesProcess",
                           {"Opportunity Sales Process", "Verkaufsprozess"},
                           {"Opportunity Sales Processes", "Verkaufsprozesse"});
}

Table leadtoopportunitysalesprocess() {
  return process_instances("leadtoopportunitysalesprocess", "leadtoopportunitysalesprocesses",
                           "LeadToOpportunitySalesProcess", {"Lead To Opportunity Sales Process", "Leadprozess"},
                           {"Lead To Opportunity Sales Processes", "Leadprozesse"});
}

}  // namespace standard

}  // namespace cosell::emulator::dynamics365
