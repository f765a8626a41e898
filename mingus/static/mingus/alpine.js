// Alpine's build for strict content security policies has its own parser instead of eval, and no access to globals.
// The functions that unfold's templates call are therefore registered here by name.
document.addEventListener("alpine:init", () => {
  Alpine.data("theme", theme);
  Alpine.data("searchForm", searchForm);

  // state of the body: the open tab and the sidebar
  Alpine.data("page", (tab) => ({
    activeTab: tab,
    sidebarMobileOpen: false,
    sidebarDesktopOpen: localStorage.getItem("sidebarDesktopOpen") !== "0",
    // expressions build the form's URL from it, and can't access the real window
    window: { location: { pathname: window.location.pathname, search: window.location.search } },
    sortRecords,
    moveRecords,

    init() {
      this.activeTab = (tab && getCurrentTab()) || tab;
      this.$watch("sidebarDesktopOpen", (open) => localStorage.setItem("sidebarDesktopOpen", open ? "1" : "0"));
    },
  }));
});
