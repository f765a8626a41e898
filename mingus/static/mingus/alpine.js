// Alpine in its build for strict content security policies: it reads expressions by a parser of its own, not by eval, and
// knows no globals. So what unfold's templates call is registered here by name.
document.addEventListener("alpine:init", () => {
  Alpine.data("theme", theme);
  Alpine.data("searchForm", searchForm);

  // the body: which tab is open, and whether the sidebar is
  Alpine.data("page", (tab) => ({
    activeTab: tab,
    sidebarMobileOpen: false,
    sidebarDesktopOpen: localStorage.getItem("sidebarDesktopOpen") !== "0",
    // what the form's address is put together from; the real window is out of reach for an expression
    window: { location: { pathname: window.location.pathname, search: window.location.search } },
    sortRecords,
    moveRecords,

    init() {
      this.activeTab = (tab && getCurrentTab()) || tab;
      this.$watch("sidebarDesktopOpen", (open) => localStorage.setItem("sidebarDesktopOpen", open ? "1" : "0"));
    },
  }));
});
