CREATE TABLE absent_transactions (
    txid TEXT COLLATE "C" NOT NULL,
    looks BIGINT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (txid)
);

CREATE TABLE addresses (
    script BYTEA NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    branch TEXT COLLATE "C" NOT NULL,
    idx BIGINT NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    given_at TEXT COLLATE "C",
    claim TEXT COLLATE "C",
    used BIGINT NOT NULL,
    restriction TEXT COLLATE "C",
    PRIMARY KEY (script),
    UNIQUE (address),
    UNIQUE (claim)
);

CREATE INDEX addresses_given ON addresses (given_at);

CREATE INDEX addresses_next ON addresses (campaign, branch, idx);

CREATE TABLE audit (
    n BIGINT NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    user_id BIGINT,
    action TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (n)
);

CREATE TABLE balances (
    account TEXT COLLATE "C" NOT NULL,
    asset TEXT COLLATE "C" NOT NULL,
    kind VARCHAR COLLATE "C" NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    place TEXT COLLATE "C" NOT NULL,
    item TEXT COLLATE "C" NOT NULL,
    debits BIGINT NOT NULL,
    credits BIGINT NOT NULL,
    PRIMARY KEY (account, asset),
    CHECK (kind IN ('wallet', 'dust', 'undecided', 'blocked', 'unexplained', 'exchange', 'bank', 'overdraft', 'interest', 'before', 'gifts', 'dust_gifts', 'blocked_gifts', 'in_kind', 'excess', 'top_ups', 'own_coins', 'undone_spends', 'given_back', 'trading', 'tax', 'supplier', 'indemnities', 'fees', 'ordered', 'open', 'cancelled', 'claims', 'over', 'surplus', 'explained', 'replaced', 'noted', 'stock', 'transit', 'handed', 'distributed', 'delivered', 'lost', 'returned', 'lent', 'owed', 'reached', 'results', 'commitments', 'encumbered'))
);

CREATE INDEX balances_campaign ON balances (campaign, kind, asset);

CREATE TABLE campaign_changes (
    campaign TEXT COLLATE "C" NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (campaign)
);

CREATE TABLE completeness (
    ground VARCHAR COLLATE "C" NOT NULL,
    addresses BIGINT,
    block BIGINT,
    PRIMARY KEY (ground),
    CHECK (ground IN ('scanned_whole', 'listed', 'past_unread', 'past_listed'))
);

CREATE TABLE completeness_sources (
    n BIGINT NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (n)
);

CREATE TABLE day_balances (
    account TEXT COLLATE "C" NOT NULL,
    asset TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    units BIGINT NOT NULL,
    PRIMARY KEY (account, asset, date)
);

CREATE TABLE entries (
    seq BIGINT NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    day TEXT COLLATE "C",
    out_of_order VARCHAR COLLATE "C",
    data BYTEA NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    transfers BIGINT NOT NULL,
    PRIMARY KEY (seq),
    CHECK (out_of_order IN ('ratified', 'proforma', 'signed_later', 'other_day_there')),
    UNIQUE (key)
);

CREATE INDEX entries_campaign ON entries (campaign, seq);

CREATE INDEX entries_kind ON entries (kind, seq);

CREATE INDEX entries_out_of_order ON entries (campaign) WHERE out_of_order IS NOT NULL;

CREATE TABLE gap_limits (
    descriptor TEXT COLLATE "C" NOT NULL,
    gap BIGINT NOT NULL,
    first_index BIGINT NOT NULL,
    PRIMARY KEY (descriptor)
);

CREATE TABLE headers (
    height BIGINT NOT NULL,
    raw BYTEA NOT NULL,
    PRIMARY KEY (height)
);

CREATE TABLE last_look (
    at TEXT COLLATE "C" NOT NULL,
    agreed BIGINT NOT NULL,
    best_height BIGINT,
    PRIMARY KEY (at)
);

CREATE TABLE leases (
    name TEXT COLLATE "C" NOT NULL,
    holder TEXT COLLATE "C" NOT NULL,
    epoch BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE lines (
    name TEXT COLLATE "C" NOT NULL,
    kind VARCHAR COLLATE "C" NOT NULL,
    campaign TEXT COLLATE "C",
    asset TEXT COLLATE "C" NOT NULL,
    restriction TEXT COLLATE "C",
    number TEXT COLLATE "C",
    item TEXT COLLATE "C",
    at VARCHAR COLLATE "C",
    place TEXT COLLATE "C",
    product TEXT COLLATE "C",
    lot TEXT COLLATE "C",
    ended_use TEXT COLLATE "C",
    ended_part BIGINT,
    length BIGINT NOT NULL,
    filled BIGINT NOT NULL,
    PRIMARY KEY (name),
    CHECK (kind IN ('money', 'order', 'goods', 'spent', 'exchange', 'loan', 'repaid', 'ended')),
    CHECK (at IN ('wallet', 'dust', 'undecided', 'blocked', 'unexplained', 'exchange', 'bank', 'overdraft', 'interest', 'before', 'gifts', 'dust_gifts', 'blocked_gifts', 'in_kind', 'excess', 'top_ups', 'own_coins', 'undone_spends', 'given_back', 'trading', 'tax', 'supplier', 'indemnities', 'fees', 'ordered', 'open', 'cancelled', 'claims', 'over', 'surplus', 'explained', 'replaced', 'noted', 'stock', 'transit', 'handed', 'distributed', 'delivered', 'lost', 'returned', 'lent', 'owed', 'reached', 'results', 'commitments', 'encumbered'))
);

CREATE INDEX lines_ended ON lines (ended_use, ended_part);

CREATE INDEX lines_kind ON lines (kind, campaign, restriction, asset);

CREATE INDEX lines_number ON lines (kind, number);

CREATE TABLE lookups (
    n BIGINT NOT NULL,
    txid TEXT COLLATE "C" NOT NULL,
    state VARCHAR COLLATE "C" NOT NULL,
    asked_at BIGINT NOT NULL,
    answered_at BIGINT,
    height BIGINT,
    PRIMARY KEY (n),
    CHECK (state IN ('waiting', 'found', 'none_of_ours', 'no_source', 'unread')),
    UNIQUE (txid)
);

CREATE TABLE messages (
    key TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    many TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (key)
);

CREATE TABLE meta (
    name TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE observations (
    n BIGINT NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (n)
);

CREATE INDEX observations_subject ON observations (subject);

CREATE TABLE observed_blocks (
    height BIGINT NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    time BIGINT NOT NULL,
    PRIMARY KEY (height),
    UNIQUE (hash)
);

CREATE TABLE observed_scripts (
    txid TEXT COLLATE "C" NOT NULL,
    vout BIGINT NOT NULL,
    script TEXT COLLATE "C" NOT NULL,
    proven BIGINT NOT NULL,
    PRIMARY KEY (txid, vout)
);

CREATE INDEX observed_scripts_script ON observed_scripts (script);

CREATE TABLE observed_transactions (
    txid TEXT COLLATE "C" NOT NULL,
    state VARCHAR COLLATE "C" NOT NULL,
    height BIGINT,
    block TEXT COLLATE "C",
    block_time BIGINT,
    position BIGINT,
    coinbase BIGINT NOT NULL,
    first_at TEXT COLLATE "C" NOT NULL,
    confirmed_at TEXT COLLATE "C",
    departures BIGINT NOT NULL,
    replaced_by TEXT COLLATE "C",
    others BIGINT NOT NULL,
    PRIMARY KEY (txid),
    CHECK (state IN ('seen', 'confirmed', 'reorged', 'replaced', 'evicted'))
);

CREATE INDEX observed_transactions_order ON observed_transactions (height, position, txid);

CREATE INDEX observed_transactions_state ON observed_transactions (state, txid);

CREATE TABLE observed_unspent (
    campaign TEXT COLLATE "C" NOT NULL,
    sats BIGINT NOT NULL,
    PRIMARY KEY (campaign)
);

CREATE TABLE openings (
    commitment TEXT COLLATE "C" NOT NULL,
    salt BYTEA NOT NULL,
    value BYTEA NOT NULL,
    PRIMARY KEY (commitment)
);

CREATE TABLE papers (
    sha256 TEXT COLLATE "C" NOT NULL,
    media_type TEXT COLLATE "C" NOT NULL,
    original TEXT COLLATE "C" NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (sha256)
);

CREATE TABLE progress (
    name TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE sealed_papers (
    sealed TEXT COLLATE "C" NOT NULL,
    salt BYTEA NOT NULL,
    lies TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (sealed)
);

CREATE TABLE senders_asked (
    txid TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (txid)
);

CREATE TABLE unread_scripts (
    script BYTEA NOT NULL,
    askable BIGINT NOT NULL,
    PRIMARY KEY (script)
);

CREATE TABLE unread_sources (
    n BIGINT NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (n)
);

CREATE TABLE users (
    id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    disabled BIGINT NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name)
);

CREATE TABLE authors (
    seq BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    PRIMARY KEY (seq),
    FOREIGN KEY(seq) REFERENCES entries (seq),
    FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE TABLE campaigns (
    slug TEXT COLLATE "C" NOT NULL,
    entry BIGINT NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    start TEXT COLLATE "C" NOT NULL,
    "end" TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    valuation VARCHAR COLLATE "C" NOT NULL,
    dust BIGINT NOT NULL,
    tolerance_permille BIGINT NOT NULL,
    match_permille BIGINT NOT NULL,
    claim_tolerance BIGINT NOT NULL,
    PRIMARY KEY (slug),
    CHECK (valuation IN ('block_time', 'settlement', 'conversion')),
    UNIQUE (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq)
);

CREATE TABLE confirmation_links (
    code_hash TEXT COLLATE "C" NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    about VARCHAR COLLATE "C" NOT NULL,
    paper TEXT COLLATE "C" NOT NULL,
    expires BIGINT NOT NULL,
    corrects BIGINT,
    PRIMARY KEY (code_hash),
    CHECK (about IN ('shipment', 'handover')),
    FOREIGN KEY(corrects) REFERENCES entries (seq)
);

CREATE TABLE drafts (
    id BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    data BYTEA NOT NULL,
    user_id BIGINT NOT NULL,
    waits_for TEXT COLLATE "C",
    at TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C",
    refusal TEXT COLLATE "C",
    PRIMARY KEY (id),
    FOREIGN KEY(user_id) REFERENCES users (id),
    FOREIGN KEY(refusal) REFERENCES messages (key)
);

CREATE INDEX drafts_open ON drafts (outcome, waits_for);

CREATE TABLE entry_subjects (
    kind VARCHAR COLLATE "C" NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    entry BIGINT NOT NULL,
    PRIMARY KEY (kind, campaign, subject, entry),
    CHECK (kind IN ('gift', 'order', 'lot')),
    FOREIGN KEY(entry) REFERENCES entries (seq)
);

CREATE TABLE findings (
    n BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    message TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (n),
    FOREIGN KEY(message) REFERENCES messages (key)
);

CREATE TABLE holds (
    entry BIGINT NOT NULL,
    n BIGINT NOT NULL,
    line TEXT COLLATE "C" NOT NULL,
    start BIGINT NOT NULL,
    stop BIGINT NOT NULL,
    PRIMARY KEY (entry, n),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(line) REFERENCES lines (name)
);

CREATE TABLE line_spans (
    line TEXT COLLATE "C" NOT NULL,
    start BIGINT NOT NULL,
    stop BIGINT NOT NULL,
    state VARCHAR COLLATE "C" NOT NULL,
    ref TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (line, start),
    CHECK (state IN ('free', 'held', 'used', 'void')),
    FOREIGN KEY(line) REFERENCES lines (name)
);

CREATE INDEX line_spans_state ON line_spans (line, state, stop);

CREATE TABLE look_sources (
    n BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    ok BIGINT NOT NULL,
    tip_height BIGINT,
    error TEXT COLLATE "C",
    lied TEXT COLLATE "C",
    set_aside_until TEXT COLLATE "C",
    requests BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    PRIMARY KEY (n),
    FOREIGN KEY(error) REFERENCES messages (key),
    FOREIGN KEY(lied) REFERENCES messages (key)
);

CREATE TABLE lookup_sources (
    txid TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (txid, n),
    FOREIGN KEY(txid) REFERENCES lookups (txid)
);

CREATE TABLE message_values (
    message TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    inside BIGINT,
    place TEXT COLLATE "C",
    kind VARCHAR COLLATE "C" NOT NULL,
    text TEXT COLLATE "C",
    many TEXT COLLATE "C",
    number BIGINT,
    asset TEXT COLLATE "C",
    PRIMARY KEY (message, n),
    CHECK (kind IN ('text', 'number', 'figure', 'list', 'message')),
    FOREIGN KEY(message) REFERENCES messages (key) ON DELETE CASCADE
);

CREATE TABLE observed_departures (
    txid TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    height BIGINT NOT NULL,
    block TEXT COLLATE "C" NOT NULL,
    time BIGINT NOT NULL,
    left_at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (txid, n),
    FOREIGN KEY(txid) REFERENCES observed_transactions (txid)
);

CREATE TABLE observed_inputs (
    txid TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    spent_txid TEXT COLLATE "C" NOT NULL,
    spent_vout BIGINT NOT NULL,
    PRIMARY KEY (txid, n),
    FOREIGN KEY(txid) REFERENCES observed_transactions (txid)
);

CREATE INDEX observed_inputs_spent ON observed_inputs (spent_txid, spent_vout);

CREATE TABLE observed_outputs (
    txid TEXT COLLATE "C" NOT NULL,
    vout BIGINT NOT NULL,
    script TEXT COLLATE "C" NOT NULL,
    sats BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    branch TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    coinbase BIGINT NOT NULL,
    height BIGINT,
    spent_by TEXT COLLATE "C",
    spent_height BIGINT,
    PRIMARY KEY (txid, vout),
    FOREIGN KEY(txid) REFERENCES observed_transactions (txid)
);

CREATE INDEX observed_outputs_coinbases ON observed_outputs (height) WHERE coinbase = 1;

CREATE INDEX observed_outputs_script ON observed_outputs (script);

CREATE INDEX observed_outputs_spent ON observed_outputs (spent_height) WHERE spent_height IS NOT NULL;

CREATE TABLE observed_payees (
    txid TEXT COLLATE "C" NOT NULL,
    vout BIGINT NOT NULL,
    script TEXT COLLATE "C" NOT NULL,
    sats BIGINT NOT NULL,
    PRIMARY KEY (txid, vout),
    FOREIGN KEY(txid) REFERENCES observed_transactions (txid)
);

CREATE TABLE observed_sources (
    txid TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (txid, source),
    FOREIGN KEY(txid) REFERENCES observed_transactions (txid)
);

CREATE TABLE paper_treatments (
    sha256 TEXT COLLATE "C" NOT NULL,
    treatment VARCHAR COLLATE "C" NOT NULL,
    PRIMARY KEY (sha256, treatment),
    CHECK (treatment IN ('metadata-removed', 'thumbnails-removed', 'attachments-removed', 'active-content-removed', 'metadata-left')),
    FOREIGN KEY(sha256) REFERENCES papers (sha256)
);

CREATE TABLE rate_tries (
    campaign TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    due BIGINT NOT NULL,
    why TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (campaign, currency, at),
    FOREIGN KEY(why) REFERENCES messages (key)
);

CREATE INDEX rate_tries_due ON rate_tries (due);

CREATE TABLE reversals (
    entry BIGINT NOT NULL,
    reversed_entry BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    UNIQUE (reversed_entry),
    FOREIGN KEY(reversed_entry) REFERENCES entries (seq)
);

CREATE TABLE sources_set_aside (
    name TEXT COLLATE "C" NOT NULL,
    until BIGINT NOT NULL,
    times BIGINT NOT NULL,
    lied TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (name),
    FOREIGN KEY(lied) REFERENCES messages (key)
);

CREATE TABLE spends (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    ref TEXT COLLATE "C" NOT NULL,
    txid TEXT COLLATE "C" NOT NULL,
    part BIGINT NOT NULL,
    late BIGINT NOT NULL,
    block TEXT COLLATE "C" NOT NULL,
    height BIGINT NOT NULL,
    time BIGINT NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    role VARCHAR COLLATE "C" NOT NULL,
    wallet BIGINT NOT NULL,
    dust BIGINT NOT NULL,
    undecided BIGINT NOT NULL,
    blocked BIGINT NOT NULL,
    change BIGINT NOT NULL,
    excess BIGINT NOT NULL,
    out BIGINT NOT NULL,
    shortfall BIGINT NOT NULL,
    need TEXT COLLATE "C",
    borrowed_from TEXT COLLATE "C",
    live BIGINT NOT NULL,
    n BIGINT NOT NULL,
    explanation VARCHAR COLLATE "C",
    explanation_number TEXT COLLATE "C",
    explained_at TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, ref),
    CHECK (explanation IN ('conversion', 'deposit', 'payment', 'move', 'own-move', 'loan', 'gift-return', 'cover', 'opening', 'reclassification')),
    CHECK (role IN ('admin', 'recorder', 'approver', 'auditor', 'viewer', 'system')),
    FOREIGN KEY(entry) REFERENCES entries (seq)
);

CREATE INDEX spends_live ON spends (campaign, live);

CREATE INDEX spends_open ON spends (campaign, explained_at);

CREATE INDEX spends_txid ON spends (txid, campaign);

CREATE TABLE tokens (
    id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    until TEXT COLLATE "C",
    revoked BIGINT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(user_id) REFERENCES users (id),
    UNIQUE (hash)
);

CREATE INDEX tokens_user ON tokens (user_id);

CREATE TABLE transfers (
    seq BIGINT NOT NULL,
    n BIGINT NOT NULL,
    debit TEXT COLLATE "C" NOT NULL,
    credit TEXT COLLATE "C" NOT NULL,
    asset TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (seq, n),
    CHECK (amount between 1 and 9007199254740991),
    FOREIGN KEY(seq) REFERENCES entries (seq)
);

CREATE INDEX transfers_credit ON transfers (credit, asset, seq);

CREATE INDEX transfers_debit ON transfers (debit, asset, seq);

CREATE TABLE user_limits (
    user_id BIGINT NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    most BIGINT NOT NULL,
    PRIMARY KEY (user_id, currency),
    FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE TABLE user_roles (
    user_id BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    role VARCHAR COLLATE "C" NOT NULL,
    until TEXT COLLATE "C",
    PRIMARY KEY (user_id, campaign, role),
    CHECK (role IN ('admin', 'recorder', 'approver', 'auditor', 'viewer', 'system')),
    FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE TABLE uses (
    name TEXT COLLATE "C" NOT NULL,
    entry BIGINT NOT NULL,
    cause VARCHAR COLLATE "C" NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    number TEXT COLLATE "C" NOT NULL,
    line TEXT COLLATE "C" NOT NULL,
    scale BIGINT NOT NULL,
    undone_by BIGINT,
    PRIMARY KEY (name),
    CHECK (cause IN ('arrival', 'bought', 'bank-fee', 'charge-back', 'closing', 'contribution', 'conversion', 'cover', 'custody-fee', 'deposit', 'distribution', 'exchange', 'find', 'gift-return', 'handover', 'in-kind', 'loan', 'loss', 'move', 'opening', 'own-move', 'payment', 'receipt', 'recall', 'reclassification', 'refund', 'repaid', 'repayment', 'return', 'shipment', 'spend', 'withdrawal')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(line) REFERENCES lines (name),
    FOREIGN KEY(undone_by) REFERENCES entries (seq)
);

CREATE INDEX uses_paper ON uses (campaign, cause, number);

CREATE INDEX uses_undone ON uses (line, undone_by);

CREATE TABLE bank_asides (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    bank TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    opening BIGINT NOT NULL,
    role VARCHAR COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    CHECK (role IN ('admin', 'recorder', 'approver', 'auditor', 'viewer', 'system')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
);

CREATE TABLE bank_fees (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    bank TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    cause VARCHAR COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (cause IN ('account', 'service', 'tax', 'shortage')),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
);

CREATE TABLE bank_lines (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    bank TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    identity TEXT COLLATE "C" NOT NULL,
    direction VARCHAR COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    booked TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C",
    reference TEXT COLLATE "C",
    file TEXT COLLATE "C",
    at TEXT COLLATE "C" NOT NULL,
    matched BIGINT NOT NULL,
    aside_by BIGINT,
    reversed_by BIGINT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, identity),
    CHECK (direction IN ('in', 'out')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(aside_by) REFERENCES entries (seq),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE INDEX bank_lines_bank ON bank_lines (campaign, bank, currency, booked);

CREATE TABLE bank_movements (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    bank TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    noun TEXT COLLATE "C" NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    moved BIGINT NOT NULL,
    matched BIGINT NOT NULL,
    reversed_by BIGINT,
    PRIMARY KEY (entry, campaign, bank, currency),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE INDEX bank_movements_bank ON bank_movements (campaign, bank, currency, date, reversed_by, moved);

CREATE TABLE bank_outstanding (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    "of" BIGINT NOT NULL,
    bank TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    instrument VARCHAR COLLATE "C" NOT NULL,
    until TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (instrument IN ('cheque', 'transfer', 'money_order', 'card', 'deposit')),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY("of") REFERENCES entries (seq)
);

CREATE TABLE bank_statements (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    bank TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    part BIGINT NOT NULL,
    opening BIGINT NOT NULL,
    came BIGINT NOT NULL,
    went BIGINT NOT NULL,
    closing BIGINT NOT NULL,
    lines BIGINT NOT NULL,
    first TEXT COLLATE "C" NOT NULL,
    last TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE INDEX bank_statements_bank ON bank_statements (campaign, bank, currency, last);

CREATE TABLE bank_terms (
    campaign TEXT COLLATE "C" NOT NULL,
    bank TEXT COLLATE "C" NOT NULL,
    entry BIGINT NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    account VARCHAR COLLATE "C" NOT NULL,
    days BIGINT,
    statement_days BIGINT,
    holder TEXT COLLATE "C",
    until TEXT COLLATE "C",
    PRIMARY KEY (campaign, bank),
    CHECK (account IN ('own', 'shared', 'cash', 'advance', 'vat')),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(entry) REFERENCES entries (seq)
);

CREATE TABLE campaign_known_facts (
    campaign TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    fact TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (campaign, n),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug)
);

CREATE TABLE campaign_openings (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
);

CREATE INDEX campaign_openings_status ON campaign_openings (campaign, status);

CREATE TABLE campaign_partners (
    campaign TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (campaign, n),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug)
);

CREATE TABLE cash_counts (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    bank TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    counted BIGINT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
);

CREATE INDEX cash_counts_bank ON cash_counts (campaign, bank, currency);

CREATE TABLE confirmations (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    about VARCHAR COLLATE "C" NOT NULL,
    paper BIGINT NOT NULL,
    by VARCHAR COLLATE "C" NOT NULL,
    corrected_by BIGINT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (about IN ('shipment', 'handover')),
    CHECK (by IN ('consignee', 'recipient')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(paper) REFERENCES entries (seq),
    FOREIGN KEY(corrected_by) REFERENCES entries (seq)
);

CREATE INDEX confirmations_paper ON confirmations (paper);

CREATE TABLE conversions (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    txid TEXT COLLATE "C",
    reference TEXT COLLATE "C",
    sold BIGINT NOT NULL,
    network_fee BIGINT NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    proceeds BIGINT NOT NULL,
    exchange_fee BIGINT NOT NULL,
    exchange TEXT COLLATE "C" NOT NULL,
    bank TEXT COLLATE "C" NOT NULL,
    quote BIGINT,
    need TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
);

CREATE INDEX conversions_reference ON conversions (campaign, exchange, reference);

CREATE INDEX conversions_status ON conversions (campaign, status);

CREATE TABLE corrections (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    corrected BIGINT NOT NULL,
    field VARCHAR COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C",
    place TEXT COLLATE "C",
    item TEXT COLLATE "C",
    "old" TEXT COLLATE "C",
    "new" TEXT COLLATE "C",
    reason TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    CHECK (field IN ('expiry', 'air_waybill', 'expected', 'report', 'reason', 'place', 'supplier', 'carrier', 'organisation', 'reference', 'happened', 'amount', 'good', 'damaged', 'short', 'rejected', 'lost', 'value', 'quantity')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(corrected) REFERENCES entries (seq)
);

CREATE INDEX corrections_corrected ON corrections (corrected);

CREATE TABLE custody_fees (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    exchange TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
);

CREATE INDEX custody_fees_status ON custody_fees (campaign, status);

CREATE TABLE deposits (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    txid TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    network_fee BIGINT NOT NULL,
    exchange TEXT COLLATE "C" NOT NULL,
    until TEXT COLLATE "C" NOT NULL,
    need TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
);

CREATE INDEX deposits_status ON deposits (campaign, status);

CREATE TABLE distributions (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    organisation TEXT COLLATE "C" NOT NULL,
    expired TEXT COLLATE "C",
    beyond_count TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE TABLE evidence (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    original TEXT COLLATE "C",
    title TEXT COLLATE "C" NOT NULL,
    paper TEXT COLLATE "C" NOT NULL,
    shows TEXT COLLATE "C" NOT NULL,
    access VARCHAR COLLATE "C" NOT NULL,
    about VARCHAR COLLATE "C" NOT NULL,
    number TEXT COLLATE "C",
    withheld TEXT COLLATE "C",
    review TEXT COLLATE "C",
    date TEXT COLLATE "C" NOT NULL,
    role VARCHAR COLLATE "C" NOT NULL,
    waits BIGINT NOT NULL,
    reversed_by BIGINT,
    PRIMARY KEY (entry),
    CHECK (access IN ('public', 'redacted', 'sealed')),
    CHECK (about IN ('campaign', 'need', 'offer', 'pledge', 'conversion', 'deposit', 'purchase', 'invoice', 'payment', 'receipt', 'shipment', 'arrival', 'loss', 'handover', 'distribution', 'closing', 'return', 'recall', 'contribution', 'in-kind', 'indicator', 'result', 'credit-note', 'refund', 'block', 'release', 'screening', 'opening', 'bank-fee', 'charge-back', 'cover', 'gift-return', 'withdrawal', 'custody-fee', 'exchange', 'move', 'reclassification', 'loan', 'repayment', 'tax-payment', 'claim', 'claim-end', 'aside', 'outstanding', 'cash-count', 'correction', 'period')),
    CHECK (role IN ('admin', 'recorder', 'approver', 'auditor', 'viewer', 'system')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE INDEX evidence_fact ON evidence (campaign, about, number);

CREATE INDEX evidence_paper ON evidence (sha256, campaign);

CREATE TABLE exchange_rates (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    base TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    price TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    monthly BIGINT NOT NULL,
    rate_date TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE INDEX exchange_rates_base ON exchange_rates (campaign, base, rate_date);

CREATE INDEX exchange_rates_currency ON exchange_rates (campaign, currency, rate_date);

CREATE TABLE exchanges (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    bank TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    sold BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    to_bank TEXT COLLATE "C" NOT NULL,
    "into" TEXT COLLATE "C" NOT NULL,
    bought BIGINT NOT NULL,
    need TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
);

CREATE TABLE gift_blocks (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    number TEXT COLLATE "C" NOT NULL,
    gift TEXT COLLATE "C" NOT NULL,
    list_name TEXT COLLATE "C",
    list_date TEXT COLLATE "C",
    date TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    held BIGINT NOT NULL,
    used BIGINT NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('standing', 'released', 'returned')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug)
);

CREATE INDEX gift_blocks_gift ON gift_blocks (campaign, gift);

CREATE INDEX gift_blocks_status ON gift_blocks (campaign, status);

CREATE TABLE gift_days (
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    gifts BIGINT NOT NULL,
    sats BIGINT NOT NULL,
    value BIGINT NOT NULL,
    dust_gifts BIGINT NOT NULL,
    dust BIGINT NOT NULL,
    PRIMARY KEY (campaign, date),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug)
);

CREATE TABLE gift_returns (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    gift TEXT COLLATE "C" NOT NULL,
    asset TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    bank TEXT COLLATE "C",
    txid TEXT COLLATE "C",
    reason VARCHAR COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    CHECK (reason IN ('asked', 'mistake', 'screening', 'restriction', 'other')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
);

CREATE INDEX gift_returns_gift ON gift_returns (campaign, gift);

CREATE INDEX gift_returns_status ON gift_returns (campaign, status);

CREATE TABLE handovers (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    place TEXT COLLATE "C" NOT NULL,
    organisation TEXT COLLATE "C" NOT NULL,
    expired TEXT COLLATE "C",
    beyond_count TEXT COLLATE "C",
    signed TEXT COLLATE "C",
    signed_on TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE TABLE interest (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    bank TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE TABLE limits (
    campaign TEXT COLLATE "C" NOT NULL,
    role VARCHAR COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    most BIGINT,
    date TEXT COLLATE "C" NOT NULL,
    entry BIGINT NOT NULL,
    PRIMARY KEY (campaign, role, currency),
    CHECK (role IN ('admin', 'recorder', 'approver', 'auditor', 'viewer', 'system')),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(entry) REFERENCES entries (seq)
);

CREATE TABLE line_sources (
    line TEXT COLLATE "C" NOT NULL,
    start BIGINT NOT NULL,
    stop BIGINT NOT NULL,
    gift TEXT COLLATE "C",
    use TEXT COLLATE "C",
    part BIGINT NOT NULL,
    entry BIGINT NOT NULL,
    PRIMARY KEY (line, start),
    FOREIGN KEY(line) REFERENCES lines (name),
    FOREIGN KEY(use) REFERENCES uses (name),
    FOREIGN KEY(entry) REFERENCES entries (seq)
);

CREATE TABLE loans (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    borrower TEXT COLLATE "C" NOT NULL,
    asset TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    bank TEXT COLLATE "C",
    to_bank TEXT COLLATE "C",
    txid TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(borrower) REFERENCES campaigns (slug)
);

CREATE INDEX loans_borrower ON loans (borrower, asset);

CREATE INDEX loans_status ON loans (campaign, status);

CREATE TABLE moves (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    asset TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    from_bank TEXT COLLATE "C",
    to_bank TEXT COLLATE "C",
    txid TEXT COLLATE "C",
    need TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
);

CREATE INDEX moves_status ON moves (campaign, status);

CREATE TABLE named (
    kind VARCHAR COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    likeness TEXT COLLATE "C" NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    entry BIGINT NOT NULL,
    since TEXT COLLATE "C" NOT NULL,
    same_as TEXT COLLATE "C",
    PRIMARY KEY (kind, name),
    UNIQUE (code),
    UNIQUE (kind, number),
    CHECK (kind IN ('supplier', 'partner', 'place', 'recipient', 'bank', 'exchange')),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(entry) REFERENCES entries (seq)
);

CREATE INDEX named_likeness ON named (kind, likeness);

CREATE TABLE periods (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    first TEXT COLLATE "C" NOT NULL,
    last TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
);

CREATE INDEX periods_last ON periods (campaign, status, last);

CREATE TABLE pledges (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    asset TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    happened TEXT COLLATE "C" NOT NULL,
    due TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE TABLE products (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    unit TEXT COLLATE "C" NOT NULL,
    plural TEXT COLLATE "C" NOT NULL,
    nature VARCHAR COLLATE "C" NOT NULL,
    verb TEXT COLLATE "C",
    specification TEXT COLLATE "C",
    grade TEXT COLLATE "C",
    standard TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, code),
    CHECK (nature IN ('goods', 'service')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug)
);

CREATE TABLE purchase_orders (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    supplier TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    need TEXT COLLATE "C",
    expected TEXT COLLATE "C",
    amends BIGINT,
    match_permille BIGINT,
    opened_by TEXT COLLATE "C",
    rate_number TEXT COLLATE "C",
    rate_price BIGINT,
    closed_by BIGINT,
    closed_on TEXT COLLATE "C",
    closed_as VARCHAR COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    CHECK (closed_as IN ('completed', 'cancelled')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(amends) REFERENCES purchase_orders (entry),
    FOREIGN KEY(closed_by) REFERENCES entries (seq)
);

CREATE INDEX purchase_orders_status ON purchase_orders (campaign, status, number);

CREATE INDEX purchase_orders_supplier ON purchase_orders (supplier, currency);

CREATE TABLE question_answers (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    question_entry BIGINT NOT NULL,
    question_n BIGINT NOT NULL,
    answer VARCHAR COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    CHECK (answer IN ('different', 'same', 'right', 'wrong')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(question_entry) REFERENCES entries (seq)
);

CREATE INDEX question_answers_question ON question_answers (question_entry, question_n);

CREATE TABLE questions (
    entry BIGINT NOT NULL,
    n BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    doubt VARCHAR COLLATE "C" NOT NULL,
    other BIGINT,
    kind VARCHAR COLLATE "C",
    name TEXT COLLATE "C",
    other_name TEXT COLLATE "C",
    since TEXT COLLATE "C" NOT NULL,
    gone_by BIGINT,
    PRIMARY KEY (entry, n),
    CHECK (doubt IN ('name', 'paper', 'reference', 'lot', 'lot_name', 'fee', 'rate', 'no_rate')),
    CHECK (kind IN ('supplier', 'partner', 'place', 'recipient', 'bank', 'exchange')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(other) REFERENCES entries (seq),
    FOREIGN KEY(gone_by) REFERENCES entries (seq)
);

CREATE INDEX questions_name ON questions (kind, name);

CREATE INDEX questions_open ON questions (campaign, gone_by);

CREATE INDEX questions_other ON questions (other);

CREATE TABLE rates (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    at BIGINT,
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug)
);

CREATE INDEX rates_moment ON rates (campaign, currency, date, at);

CREATE TABLE reclassifications (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    asset TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    need TEXT COLLATE "C",
    to_need TEXT COLLATE "C",
    txid TEXT COLLATE "C",
    reason VARCHAR COLLATE "C" NOT NULL,
    paper TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    CHECK (reason IN ('donors_agreed', 'need_met', 'need_withdrawn', 'set_aside', 'exchanged')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
);

CREATE INDEX reclassifications_status ON reclassifications (campaign, status);

CREATE TABLE returns (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    direction VARCHAR COLLATE "C" NOT NULL,
    place TEXT COLLATE "C" NOT NULL,
    organisation TEXT COLLATE "C",
    people TEXT COLLATE "C",
    reason TEXT COLLATE "C" NOT NULL,
    report TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (direction IN ('to_supplier', 'from_recipient')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE TABLE sanctions_lists (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    name TEXT COLLATE "C" NOT NULL,
    list_date TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C",
    at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE INDEX sanctions_lists_name ON sanctions_lists (campaign, name, list_date);

CREATE TABLE screening_terms (
    campaign TEXT COLLATE "C" NOT NULL,
    above BIGINT,
    date TEXT COLLATE "C" NOT NULL,
    entry BIGINT NOT NULL,
    PRIMARY KEY (campaign),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(entry) REFERENCES entries (seq)
);

CREATE TABLE screenings (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    kind VARCHAR COLLATE "C" NOT NULL,
    payee TEXT COLLATE "C" NOT NULL,
    list_name TEXT COLLATE "C" NOT NULL,
    list_date TEXT COLLATE "C" NOT NULL,
    result VARCHAR COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (kind IN ('supplier', 'donor', 'exchange', 'tax_office')),
    CHECK (result IN ('no_match', 'match', 'cleared')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE INDEX screenings_payee ON screenings (campaign, kind, payee);

CREATE TABLE sealings (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
);

CREATE INDEX sealings_status ON sealings (campaign, status);

CREATE TABLE shipments (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    waybill TEXT COLLATE "C" NOT NULL,
    origin TEXT COLLATE "C" NOT NULL,
    destination TEXT COLLATE "C" NOT NULL,
    carriage VARCHAR COLLATE "C" NOT NULL,
    carrier TEXT COLLATE "C",
    air_waybill TEXT COLLATE "C",
    expected TEXT COLLATE "C",
    status VARCHAR COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    beyond_count TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, waybill),
    CHECK (carriage IN ('air', 'sea', 'road', 'rail', 'hand')),
    CHECK (status IN ('in_transit', 'shipped', 'customs_hold', 'customs_release', 'delivered', 'partially_received', 'received', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE TABLE spend_change (
    entry BIGINT NOT NULL,
    vout BIGINT NOT NULL,
    wallet BIGINT NOT NULL,
    dust BIGINT NOT NULL,
    undecided BIGINT NOT NULL,
    blocked BIGINT NOT NULL,
    PRIMARY KEY (entry, vout),
    FOREIGN KEY(entry) REFERENCES spends (entry)
);

CREATE INDEX spend_change_undecided ON spend_change (entry) WHERE undecided > 0;

CREATE TABLE spend_inputs (
    entry BIGINT NOT NULL,
    outpoint TEXT COLLATE "C" NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    released BIGINT NOT NULL,
    PRIMARY KEY (entry, outpoint),
    FOREIGN KEY(entry) REFERENCES spends (entry)
);

CREATE INDEX spend_inputs_outpoint ON spend_inputs (campaign, outpoint);

CREATE TABLE tax_payments (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    bank TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
);

CREATE TABLE token_campaigns (
    token_id BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (token_id, campaign),
    FOREIGN KEY(token_id) REFERENCES tokens (id)
);

CREATE TABLE token_scopes (
    token_id BIGINT NOT NULL,
    scope VARCHAR COLLATE "C" NOT NULL,
    PRIMARY KEY (token_id, scope),
    CHECK (scope IN ('read', 'record', 'approve', 'administer')),
    FOREIGN KEY(token_id) REFERENCES tokens (id)
);

CREATE TABLE unvalued_moments (
    campaign TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    time BIGINT NOT NULL,
    height BIGINT NOT NULL,
    coinbase BIGINT NOT NULL,
    gifts BIGINT NOT NULL,
    sats BIGINT NOT NULL,
    PRIMARY KEY (campaign, at, time, height, coinbase),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug)
);

CREATE TABLE use_parts (
    use TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    kind VARCHAR COLLATE "C" NOT NULL,
    share BIGINT NOT NULL,
    out BIGINT NOT NULL,
    line TEXT COLLATE "C",
    start BIGINT NOT NULL,
    PRIMARY KEY (use, n),
    CHECK (kind IN ('fee', 'short', 'damaged', 'rejected', 'lost', 'claimed', 'cancelled', 'returned', 'before', 'item', 'stays', 'on')),
    FOREIGN KEY(use) REFERENCES uses (name),
    FOREIGN KEY(line) REFERENCES lines (name)
);

CREATE INDEX use_parts_line ON use_parts (line, start);

CREATE TABLE use_pieces (
    use TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    start BIGINT NOT NULL,
    stop BIGINT NOT NULL,
    PRIMARY KEY (use, n),
    FOREIGN KEY(use) REFERENCES uses (name)
);

CREATE TABLE withdrawals (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    exchange TEXT COLLATE "C" NOT NULL,
    outpoint TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
);

CREATE INDEX withdrawals_outpoint ON withdrawals (campaign, outpoint);

CREATE INDEX withdrawals_status ON withdrawals (campaign, status);

CREATE TABLE arrivals (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    shipment BIGINT NOT NULL,
    place TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C",
    report TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(shipment) REFERENCES shipments (entry)
);

CREATE INDEX arrivals_shipment ON arrivals (shipment);

CREATE TABLE bank_aside_lines (
    entry BIGINT NOT NULL,
    line_entry BIGINT NOT NULL,
    PRIMARY KEY (entry, line_entry),
    FOREIGN KEY(entry) REFERENCES bank_asides (entry),
    FOREIGN KEY(line_entry) REFERENCES bank_lines (entry)
);

CREATE INDEX bank_aside_lines_line ON bank_aside_lines (line_entry);

CREATE TABLE bank_matches (
    entry BIGINT NOT NULL,
    line_entry BIGINT NOT NULL,
    "of" BIGINT NOT NULL,
    bank TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    reversed_by BIGINT,
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(line_entry) REFERENCES bank_lines (entry),
    FOREIGN KEY("of") REFERENCES entries (seq),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE INDEX bank_matches_line ON bank_matches (line_entry);

CREATE INDEX bank_matches_of ON bank_matches ("of", bank);

CREATE TABLE confirmation_lots (
    entry BIGINT NOT NULL,
    n BIGINT NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    sent BIGINT NOT NULL,
    good BIGINT NOT NULL,
    damaged BIGINT NOT NULL,
    PRIMARY KEY (entry, n),
    FOREIGN KEY(entry) REFERENCES confirmations (entry)
);

CREATE TABLE contributions (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    bank TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    organisation TEXT COLLATE "C",
    reference TEXT COLLATE "C",
    reference_likeness TEXT COLLATE "C",
    restriction TEXT COLLATE "C",
    at TEXT COLLATE "C" NOT NULL,
    line TEXT COLLATE "C" NOT NULL,
    line_start BIGINT NOT NULL,
    line_end BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    charged_back BIGINT NOT NULL,
    blocked_by BIGINT,
    happened TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(blocked_by) REFERENCES gift_blocks (entry)
);

CREATE INDEX contributions_newest ON contributions (campaign, date, number);

CREATE INDEX contributions_reference ON contributions (bank, reference_likeness);

CREATE INDEX contributions_said ON contributions (reference);

CREATE INDEX contributions_sums ON contributions (campaign, reversed_by, currency, amount, charged_back);

CREATE TABLE conversion_fills (
    conversion_entry BIGINT NOT NULL,
    n BIGINT NOT NULL,
    sold BIGINT NOT NULL,
    proceeds BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    PRIMARY KEY (conversion_entry, n),
    FOREIGN KEY(conversion_entry) REFERENCES conversions (entry)
);

CREATE TABLE conversion_sales (
    conversion_entry BIGINT NOT NULL,
    n BIGINT NOT NULL,
    use TEXT COLLATE "C" NOT NULL,
    sold BIGINT NOT NULL,
    proceeds BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    PRIMARY KEY (conversion_entry, n),
    UNIQUE (use),
    FOREIGN KEY(conversion_entry) REFERENCES conversions (entry)
);

CREATE TABLE distribution_recipients (
    entry BIGINT NOT NULL,
    n BIGINT NOT NULL,
    place TEXT COLLATE "C" NOT NULL,
    kind VARCHAR COLLATE "C",
    facilities BIGINT NOT NULL,
    PRIMARY KEY (entry, n),
    CHECK (kind IN ('authority', 'facility', 'school', 'organisation', 'households')),
    FOREIGN KEY(entry) REFERENCES distributions (entry)
);

CREATE TABLE evidence_treatments (
    entry BIGINT NOT NULL,
    treatment VARCHAR COLLATE "C" NOT NULL,
    PRIMARY KEY (entry, treatment),
    CHECK (treatment IN ('metadata-removed', 'thumbnails-removed', 'attachments-removed', 'active-content-removed', 'metadata-left')),
    FOREIGN KEY(entry) REFERENCES evidence (entry)
);

CREATE TABLE gift_releases (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    block_entry BIGINT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(block_entry) REFERENCES gift_blocks (entry)
);

CREATE INDEX gift_releases_status ON gift_releases (campaign, status);

CREATE TABLE gifts (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    txid TEXT COLLATE "C" NOT NULL,
    vout BIGINT NOT NULL,
    sats BIGINT NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    position BIGINT,
    first_height BIGINT NOT NULL,
    block TEXT COLLATE "C" NOT NULL,
    height BIGINT NOT NULL,
    time BIGINT NOT NULL,
    restriction TEXT COLLATE "C",
    counted_in VARCHAR COLLATE "C" NOT NULL,
    counts_as VARCHAR COLLATE "C" NOT NULL,
    state VARCHAR COLLATE "C" NOT NULL,
    mind BIGINT NOT NULL,
    decisions BIGINT NOT NULL,
    line TEXT COLLATE "C",
    line_start BIGINT,
    line_end BIGINT,
    shortfall BIGINT,
    value BIGINT,
    currency TEXT COLLATE "C",
    valued_by BIGINT,
    valuations_undone BIGINT NOT NULL,
    value_by_hand BIGINT NOT NULL,
    came_from TEXT COLLATE "C",
    returned BIGINT NOT NULL,
    blocked_by BIGINT,
    blocked_at TEXT COLLATE "C",
    released_at TEXT COLLATE "C",
    voided_at TEXT COLLATE "C",
    restored_at TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (txid, vout),
    CHECK (counted_in IN ('wallet', 'dust', 'undecided', 'blocked')),
    CHECK (counts_as IN ('gift', 'top_up', 'change', 'refund', 'withdrawal', 'undecided')),
    CHECK (state IN ('live', 'voided')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(valued_by) REFERENCES entries (seq),
    FOREIGN KEY(blocked_by) REFERENCES gift_blocks (entry)
);

CREATE INDEX gifts_campaign ON gifts (campaign, state, counted_in);

CREATE INDEX gifts_line ON gifts (line, line_start, line_end, value) WHERE value IS NOT NULL;

CREATE INDEX gifts_unvalued ON gifts (campaign, state, counted_in, counts_as, at, time, height) WHERE value IS NULL;

CREATE INDEX gifts_wanting ON gifts (campaign, shortfall) WHERE shortfall IS NOT NULL;

CREATE TABLE handover_lots (
    entry BIGINT NOT NULL,
    n BIGINT NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    PRIMARY KEY (entry, n),
    FOREIGN KEY(entry) REFERENCES handovers (entry)
);

CREATE TABLE indicators (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    number TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    unit TEXT COLLATE "C" NOT NULL,
    baseline BIGINT NOT NULL,
    target BIGINT NOT NULL,
    by TEXT COLLATE "C",
    least_cell BIGINT NOT NULL,
    product_entry BIGINT,
    method TEXT COLLATE "C",
    date TEXT COLLATE "C" NOT NULL,
    actual BIGINT NOT NULL,
    until TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(product_entry) REFERENCES products (entry)
);

CREATE TABLE invoices (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    supplier TEXT COLLATE "C" NOT NULL,
    likeness TEXT COLLATE "C" NOT NULL,
    order_entry BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    due TEXT COLLATE "C",
    vat BIGINT NOT NULL,
    vat_to TEXT COLLATE "C",
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry)
);

CREATE INDEX invoices_likeness ON invoices (supplier, likeness);

CREATE INDEX invoices_number ON invoices (campaign, number);

CREATE INDEX invoices_order ON invoices (order_entry);

CREATE TABLE lots (
    campaign TEXT COLLATE "C" NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    over_of TEXT COLLATE "C",
    likeness TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (campaign, product, lot),
    FOREIGN KEY(campaign, product) REFERENCES products (campaign, code),
    FOREIGN KEY(campaign, product, over_of) REFERENCES lots (campaign, product, lot)
);

CREATE INDEX lots_likeness ON lots (campaign, product, likeness);

CREATE TABLE needs (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    recipient TEXT COLLATE "C" NOT NULL,
    product_entry BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    place TEXT COLLATE "C" NOT NULL,
    by TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(product_entry) REFERENCES products (entry)
);

CREATE TABLE opened_coins (
    opening_entry BIGINT NOT NULL,
    n BIGINT NOT NULL,
    exchange TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    until TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (opening_entry, n),
    FOREIGN KEY(opening_entry) REFERENCES campaign_openings (entry)
);

CREATE TABLE order_closings (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    order_entry BIGINT NOT NULL,
    discount BIGINT NOT NULL,
    cancellation BIGINT NOT NULL,
    claim BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry)
);

CREATE INDEX order_closings_order ON order_closings (order_entry, status);

CREATE TABLE period_closings (
    entry BIGINT NOT NULL,
    period_entry BIGINT NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    through BIGINT NOT NULL,
    scanned BIGINT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (period_entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(period_entry) REFERENCES periods (entry)
);

CREATE TABLE pledge_matches (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    pledge_entry BIGINT NOT NULL,
    gift TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(pledge_entry) REFERENCES pledges (entry)
);

CREATE INDEX pledge_matches_gift ON pledge_matches (campaign, gift);

CREATE INDEX pledge_matches_pledge ON pledge_matches (pledge_entry);

CREATE TABLE pledge_steps (
    entry BIGINT NOT NULL,
    pledge_entry BIGINT NOT NULL,
    step VARCHAR COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    PRIMARY KEY (entry),
    CHECK (step IN ('committed', 'lapsed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(pledge_entry) REFERENCES pledges (entry),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE INDEX pledge_steps_pledge ON pledge_steps (pledge_entry, step);

CREATE TABLE purchase_order_items (
    order_entry BIGINT NOT NULL,
    n BIGINT NOT NULL,
    item TEXT COLLATE "C" NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    value BIGINT NOT NULL,
    packs BIGINT,
    pack_of BIGINT,
    received_before BIGINT NOT NULL,
    paid_before BIGINT NOT NULL,
    PRIMARY KEY (order_entry, n),
    UNIQUE (order_entry, item),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry)
);

CREATE TABLE rate_quotes (
    rate BIGINT NOT NULL,
    n BIGINT NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    price BIGINT NOT NULL,
    pair TEXT COLLATE "C",
    at BIGINT,
    cents BIGINT,
    sha256 TEXT COLLATE "C",
    PRIMARY KEY (rate, n),
    FOREIGN KEY(rate) REFERENCES rates (entry)
);

CREATE TABLE receipts (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    order_number TEXT COLLATE "C" NOT NULL,
    item TEXT COLLATE "C" NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    place TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, order_number) REFERENCES purchase_orders (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE INDEX receipts_order ON receipts (campaign, order_number, item);

CREATE TABLE repayments (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    loan_entry BIGINT NOT NULL,
    asset TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    settles BIGINT,
    fee BIGINT NOT NULL,
    bank TEXT COLLATE "C" NOT NULL,
    to_bank TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(loan_entry) REFERENCES loans (entry)
);

CREATE INDEX repayments_loan ON repayments (loan_entry, status);

CREATE INDEX repayments_status ON repayments (campaign, status);

CREATE TABLE return_lots (
    entry BIGINT NOT NULL,
    n BIGINT NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    PRIMARY KEY (entry, n),
    FOREIGN KEY(entry) REFERENCES returns (entry)
);

CREATE TABLE sanctions_list_addresses (
    list_entry BIGINT NOT NULL,
    script TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (list_entry, script),
    FOREIGN KEY(list_entry) REFERENCES sanctions_lists (entry)
);

CREATE TABLE shipment_legs (
    entry BIGINT NOT NULL,
    n BIGINT NOT NULL,
    origin TEXT COLLATE "C" NOT NULL,
    destination TEXT COLLATE "C" NOT NULL,
    carriage VARCHAR COLLATE "C" NOT NULL,
    carrier TEXT COLLATE "C",
    paper TEXT COLLATE "C",
    date TEXT COLLATE "C",
    PRIMARY KEY (entry, n),
    CHECK (carriage IN ('air', 'sea', 'road', 'rail', 'hand')),
    FOREIGN KEY(entry) REFERENCES shipments (entry)
);

CREATE TABLE shipment_lots (
    entry BIGINT NOT NULL,
    n BIGINT NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    PRIMARY KEY (entry, n),
    FOREIGN KEY(entry) REFERENCES shipments (entry)
);

CREATE TABLE shipment_states (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    shipment BIGINT NOT NULL,
    state VARCHAR COLLATE "C" NOT NULL,
    place TEXT COLLATE "C",
    reason TEXT COLLATE "C",
    report TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (state IN ('in_transit', 'shipped', 'customs_hold', 'customs_release', 'delivered', 'partially_received', 'received', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(shipment) REFERENCES shipments (entry)
);

CREATE INDEX shipment_states_shipment ON shipment_states (shipment);

CREATE TABLE arrival_lots (
    entry BIGINT NOT NULL,
    n BIGINT NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    good BIGINT NOT NULL,
    short BIGINT NOT NULL,
    damaged BIGINT NOT NULL,
    lost BIGINT NOT NULL,
    cause VARCHAR COLLATE "C",
    "over" BIGINT NOT NULL,
    PRIMARY KEY (entry, n),
    CHECK (cause IN ('damage', 'expired', 'stolen', 'lost', 'cold_chain', 'customs', 'recalled')),
    FOREIGN KEY(entry) REFERENCES arrivals (entry)
);

CREATE TABLE charge_backs (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    gift_entry BIGINT NOT NULL,
    bank TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    shortfall BIGINT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(gift_entry) REFERENCES contributions (entry)
);

CREATE TABLE claims (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    on_whom VARCHAR COLLATE "C" NOT NULL,
    debtor TEXT COLLATE "C" NOT NULL,
    counted_off_by BIGINT NOT NULL,
    paper TEXT COLLATE "C" NOT NULL,
    ended_in TEXT COLLATE "C" NOT NULL,
    failure VARCHAR COLLATE "C" NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    order_entry BIGINT NOT NULL,
    item TEXT COLLATE "C" NOT NULL,
    owner TEXT COLLATE "C",
    until TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (on_whom IN ('carrier', 'insurer')),
    CHECK (failure IN ('undelivered', 'short', 'damaged', 'rejected', 'returned', 'destroyed', 'lost')),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(counted_off_by) REFERENCES entries (seq),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry)
);

CREATE INDEX claims_use ON claims (ended_in);

CREATE TABLE confirmation_explanations (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    confirmation BIGINT NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    by VARCHAR COLLATE "C" NOT NULL,
    document BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    CHECK (by IN ('loss', 'find', 'arrival', 'return', 'handover', 'correction')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(confirmation) REFERENCES confirmations (entry),
    FOREIGN KEY(document) REFERENCES entries (seq)
);

CREATE INDEX confirmation_explanations_confirmation ON confirmation_explanations (confirmation);

CREATE INDEX confirmation_explanations_document ON confirmation_explanations (document);

CREATE TABLE credit_notes (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    supplier TEXT COLLATE "C" NOT NULL,
    likeness TEXT COLLATE "C" NOT NULL,
    order_entry BIGINT NOT NULL,
    invoice_entry BIGINT,
    amount BIGINT NOT NULL,
    off_order BIGINT NOT NULL,
    vat BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry),
    FOREIGN KEY(invoice_entry) REFERENCES invoices (entry)
);

CREATE INDEX credit_notes_invoice ON credit_notes (invoice_entry);

CREATE INDEX credit_notes_likeness ON credit_notes (supplier, likeness);

CREATE INDEX credit_notes_number ON credit_notes (campaign, number);

CREATE INDEX credit_notes_order ON credit_notes (order_entry);

CREATE TABLE distribution_lots (
    entry BIGINT NOT NULL,
    recipient BIGINT NOT NULL,
    n BIGINT NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    PRIMARY KEY (entry, recipient, n),
    FOREIGN KEY(entry, recipient) REFERENCES distribution_recipients (entry, n)
);

CREATE TABLE finds (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    counted_off_by BIGINT NOT NULL,
    was VARCHAR COLLATE "C" NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    place TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    report TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    CHECK (was IN ('lost', 'short', 'damaged', 'rejected')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(counted_off_by) REFERENCES entries (seq)
);

CREATE INDEX finds_counted_off_by ON finds (counted_off_by);

CREATE TABLE gift_valuations (
    entry BIGINT NOT NULL,
    gift BIGINT NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    value BIGINT NOT NULL,
    price BIGINT,
    rate BIGINT,
    paper TEXT COLLATE "C",
    title TEXT COLLATE "C",
    reversed_by BIGINT,
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(gift) REFERENCES gifts (entry),
    FOREIGN KEY(rate) REFERENCES rates (entry),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE TABLE gift_void_pieces (
    gift BIGINT NOT NULL,
    piece_start BIGINT NOT NULL,
    piece_end BIGINT NOT NULL,
    PRIMARY KEY (gift, piece_start),
    FOREIGN KEY(gift) REFERENCES gifts (entry)
);

CREATE TABLE in_kind_gifts (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    place TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    damaged BIGINT NOT NULL,
    value BIGINT,
    currency TEXT COLLATE "C",
    method VARCHAR COLLATE "C",
    stated_by TEXT COLLATE "C",
    paper TEXT COLLATE "C",
    organisation TEXT COLLATE "C",
    line TEXT COLLATE "C" NOT NULL,
    line_start BIGINT NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    CHECK (method IN ('quote', 'invoice', 'market_price', 'appraisal', 'cost')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE TABLE indicator_cells (
    indicator BIGINT NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    dimension VARCHAR COLLATE "C" NOT NULL,
    "group" TEXT COLLATE "C" NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (indicator, at, dimension, "group"),
    CHECK (dimension IN ('sex', 'age', 'place')),
    FOREIGN KEY(indicator) REFERENCES indicators (entry)
);

CREATE TABLE invoice_acceptances (
    entry BIGINT NOT NULL,
    invoice_entry BIGINT NOT NULL,
    n BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    PRIMARY KEY (entry),
    UNIQUE (invoice_entry, n),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(invoice_entry) REFERENCES invoices (entry),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE TABLE invoice_lines (
    invoice_entry BIGINT NOT NULL,
    n BIGINT NOT NULL,
    order_entry BIGINT NOT NULL,
    item TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    packs BIGINT,
    pack_of BIGINT,
    PRIMARY KEY (invoice_entry, n),
    FOREIGN KEY(invoice_entry) REFERENCES invoices (entry),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry)
);

CREATE INDEX invoice_lines_order ON invoice_lines (order_entry);

CREATE TABLE losses (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    place TEXT COLLATE "C" NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    cause VARCHAR COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    report TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    CHECK (cause IN ('damage', 'expired', 'stolen', 'lost', 'cold_chain', 'customs', 'recalled')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE TABLE lot_deliveries (
    entry BIGINT NOT NULL,
    n BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    place TEXT COLLATE "C" NOT NULL,
    expiry TEXT COLLATE "C",
    noted BIGINT NOT NULL,
    packs BIGINT,
    pack_of BIGINT,
    good BIGINT NOT NULL,
    damaged BIGINT NOT NULL,
    short BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    replaces TEXT COLLATE "C",
    replaces_discrepancy VARCHAR COLLATE "C",
    reversed_by BIGINT,
    PRIMARY KEY (entry, n),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    CHECK (replaces_discrepancy IN ('short', 'rejected')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE INDEX lot_deliveries_lot ON lot_deliveries (campaign, product, lot);

CREATE TABLE offers (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    partner TEXT COLLATE "C" NOT NULL,
    need_entry BIGINT NOT NULL,
    product_entry BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(need_entry) REFERENCES needs (entry),
    FOREIGN KEY(product_entry) REFERENCES products (entry)
);

CREATE TABLE other_expiries (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    correction BIGINT NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(correction) REFERENCES corrections (entry)
);

CREATE INDEX other_expiries_correction ON other_expiries (correction);

CREATE TABLE over_counts (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    place TEXT COLLATE "C" NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE TABLE over_decisions (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    decision VARCHAR COLLATE "C" NOT NULL,
    counted_by BIGINT NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    order_number TEXT COLLATE "C",
    item TEXT COLLATE "C",
    document BIGINT,
    reason TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, decision, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    FOREIGN KEY(campaign, order_number) REFERENCES purchase_orders (campaign, number),
    CHECK (decision IN ('returned', 'accepted', 'explained', 'bought')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(counted_by) REFERENCES entries (seq),
    FOREIGN KEY(document) REFERENCES entries (seq)
);

CREATE INDEX over_decisions_counted_by ON over_decisions (counted_by, product, lot);

CREATE INDEX over_decisions_document ON over_decisions (document);

CREATE INDEX over_decisions_order ON over_decisions (campaign, order_number, item);

CREATE TABLE payments (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    order_entry BIGINT NOT NULL,
    invoice_entry BIGINT,
    asset TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    discharges BIGINT NOT NULL,
    withheld BIGINT NOT NULL,
    vat BIGINT NOT NULL,
    bank TEXT COLLATE "C",
    txid TEXT COLLATE "C",
    prepayment BIGINT NOT NULL,
    no_invoice TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry),
    FOREIGN KEY(invoice_entry) REFERENCES invoices (entry)
);

CREATE INDEX payments_invoice ON payments (invoice_entry, status);

CREATE INDEX payments_order ON payments (order_entry, status);

CREATE INDEX payments_status ON payments (campaign, status, number);

CREATE TABLE period_balances (
    closing_entry BIGINT NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    asset TEXT COLLATE "C" NOT NULL,
    opening BIGINT NOT NULL,
    closing BIGINT NOT NULL,
    PRIMARY KEY (closing_entry, account, asset),
    FOREIGN KEY(closing_entry) REFERENCES period_closings (entry)
);

CREATE TABLE recalls (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    report TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
);

CREATE INDEX recalls_lot ON recalls (campaign, product, lot);

CREATE INDEX recalls_maker ON recalls (lot);

CREATE TABLE results (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    indicator_entry BIGINT NOT NULL,
    at TEXT COLLATE "C",
    counts VARCHAR COLLATE "C" NOT NULL,
    start TEXT COLLATE "C",
    "end" TEXT COLLATE "C" NOT NULL,
    total BIGINT NOT NULL,
    "new" BIGINT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (counts IN ('period', 'to_date')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(indicator_entry) REFERENCES indicators (entry)
);

CREATE INDEX results_indicator ON results (indicator_entry, reversed_by);

CREATE TABLE claim_ends (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    claim BIGINT NOT NULL,
    became VARCHAR COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    document BIGINT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    CHECK (became IN ('credited', 'replaced')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(claim) REFERENCES claims (entry),
    FOREIGN KEY(document) REFERENCES entries (seq)
);

CREATE INDEX claim_ends_claim ON claim_ends (claim);

CREATE INDEX claim_ends_document ON claim_ends (document);

CREATE TABLE covers (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    charge_back_entry BIGINT,
    bank TEXT COLLATE "C",
    gift_entry BIGINT,
    coin TEXT COLLATE "C",
    spend_entry BIGINT,
    instead_entry BIGINT,
    asset TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    ended_by BIGINT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(charge_back_entry) REFERENCES charge_backs (entry),
    FOREIGN KEY(gift_entry) REFERENCES gifts (entry),
    FOREIGN KEY(spend_entry) REFERENCES spends (entry),
    FOREIGN KEY(instead_entry) REFERENCES spends (entry),
    FOREIGN KEY(ended_by) REFERENCES entries (seq)
);

CREATE TABLE credit_note_lines (
    note_entry BIGINT NOT NULL,
    n BIGINT NOT NULL,
    item TEXT COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    packs BIGINT,
    pack_of BIGINT,
    PRIMARY KEY (note_entry, n),
    FOREIGN KEY(note_entry) REFERENCES credit_notes (entry)
);

CREATE TABLE followed_claims (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    order_entry BIGINT,
    claim BIGINT,
    owner TEXT COLLATE "C" NOT NULL,
    until TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry),
    FOREIGN KEY(claim) REFERENCES claims (entry)
);

CREATE INDEX followed_claims_order ON followed_claims (order_entry);

CREATE TABLE gift_valuation_conversions (
    valuation BIGINT NOT NULL,
    n BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    number TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (valuation, n),
    FOREIGN KEY(valuation) REFERENCES gift_valuations (entry)
);

CREATE INDEX gift_valuation_conversions_number ON gift_valuation_conversions (campaign, number);

CREATE TABLE invoice_accepted_mismatches (
    acceptance_entry BIGINT NOT NULL,
    mismatch VARCHAR COLLATE "C" NOT NULL,
    PRIMARY KEY (acceptance_entry, mismatch),
    CHECK (mismatch IN ('short', 'over', 'nothing_received', 'more_billed', 'price', 'unbilled')),
    FOREIGN KEY(acceptance_entry) REFERENCES invoice_acceptances (entry)
);

CREATE TABLE other_lots (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    recall BIGINT NOT NULL,
    product TEXT COLLATE "C" NOT NULL,
    lot TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(recall) REFERENCES recalls (entry)
);

CREATE INDEX other_lots_recall ON other_lots (recall);

CREATE TABLE recall_outcomes (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    recall BIGINT NOT NULL,
    at VARCHAR COLLATE "C" NOT NULL,
    place TEXT COLLATE "C" NOT NULL,
    became VARCHAR COLLATE "C" NOT NULL,
    quantity BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    report TEXT COLLATE "C",
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (at IN ('stock', 'organisation', 'people')),
    CHECK (became IN ('destroyed', 'used', 'not_found')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(recall) REFERENCES recalls (entry)
);

CREATE INDEX recall_outcomes_recall ON recall_outcomes (recall);

CREATE TABLE supplier_refunds (
    entry BIGINT NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL,
    date TEXT COLLATE "C" NOT NULL,
    reversed_by BIGINT,
    number TEXT COLLATE "C" NOT NULL,
    happened TEXT COLLATE "C",
    document_date TEXT COLLATE "C" NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    decided_by BIGINT,
    decided_on TEXT COLLATE "C",
    order_entry BIGINT NOT NULL,
    credit_note_entry BIGINT,
    item TEXT COLLATE "C" NOT NULL,
    failure VARCHAR COLLATE "C" NOT NULL,
    value BIGINT,
    lot TEXT COLLATE "C",
    quantity BIGINT,
    returned_by TEXT COLLATE "C",
    destroyed_by TEXT COLLATE "C",
    asset TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    makes_good BIGINT NOT NULL,
    bank TEXT COLLATE "C",
    outpoint TEXT COLLATE "C",
    written_off TEXT COLLATE "C",
    rest BIGINT NOT NULL,
    rest_of BIGINT,
    claim BIGINT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (failure IN ('undelivered', 'short', 'damaged', 'rejected', 'returned', 'destroyed', 'lost')),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry),
    FOREIGN KEY(credit_note_entry) REFERENCES credit_notes (entry),
    FOREIGN KEY(rest_of) REFERENCES supplier_refunds (entry),
    FOREIGN KEY(claim) REFERENCES claims (entry)
);

CREATE INDEX supplier_refunds_claim ON supplier_refunds (claim, status);

CREATE INDEX supplier_refunds_coin ON supplier_refunds (campaign, outpoint);

CREATE INDEX supplier_refunds_note ON supplier_refunds (credit_note_entry, status);

CREATE INDEX supplier_refunds_order ON supplier_refunds (order_entry, status);

CREATE INDEX supplier_refunds_rest ON supplier_refunds (rest_of, status);

CREATE INDEX supplier_refunds_status ON supplier_refunds (campaign, status);

CREATE FUNCTION entries_insert() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF NEW.seq IS DISTINCT FROM (SELECT coalesce(max(seq), 0) + 1 FROM entries) THEN RAISE EXCEPTION 'entries is append-only: seq is not the next' USING ERRCODE = '23505'; END IF; IF EXISTS (SELECT 1 FROM entries WHERE key = NEW.key) THEN RAISE EXCEPTION 'entries is append-only: key is recorded already' USING ERRCODE = '23505'; END IF; RETURN NEW; END$guard$;

CREATE TRIGGER entries_insert BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION entries_insert();

ALTER TABLE entries ENABLE ALWAYS TRIGGER entries_insert;

CREATE FUNCTION entries_update() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF 1=1 THEN RAISE EXCEPTION 'entries is append-only: no row is changed or removed' USING ERRCODE = '23505'; END IF; RETURN NEW; END$guard$;

CREATE TRIGGER entries_update BEFORE UPDATE ON entries FOR EACH ROW EXECUTE FUNCTION entries_update();

ALTER TABLE entries ENABLE ALWAYS TRIGGER entries_update;

CREATE FUNCTION entries_delete() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN RAISE EXCEPTION 'entries is append-only: no row is changed or removed' USING ERRCODE = '23505'; END$guard$;

CREATE TRIGGER entries_delete BEFORE DELETE ON entries FOR EACH ROW EXECUTE FUNCTION entries_delete();

ALTER TABLE entries ENABLE ALWAYS TRIGGER entries_delete;

CREATE FUNCTION entries_truncate() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN RAISE EXCEPTION 'entries is append-only: no row is changed or removed' USING ERRCODE = '23505'; END$guard$;

CREATE TRIGGER entries_truncate BEFORE TRUNCATE ON entries FOR EACH STATEMENT EXECUTE FUNCTION entries_truncate();

ALTER TABLE entries ENABLE ALWAYS TRIGGER entries_truncate;

CREATE FUNCTION transfers_insert() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF NEW.seq IS DISTINCT FROM (SELECT max(seq) FROM entries) THEN RAISE EXCEPTION 'transfers is append-only: seq is not of the newest entry' USING ERRCODE = '23505'; END IF; IF NEW.n IS DISTINCT FROM (SELECT coalesce(max(n), 0) + 1 FROM transfers WHERE seq = NEW.seq) THEN RAISE EXCEPTION 'transfers is append-only: n is not the next' USING ERRCODE = '23505'; END IF; IF NEW.n > (SELECT transfers FROM entries WHERE seq = NEW.seq) THEN RAISE EXCEPTION 'transfers is append-only: the entry has no more transfers' USING ERRCODE = '23505'; END IF; RETURN NEW; END$guard$;

CREATE TRIGGER transfers_insert BEFORE INSERT ON transfers FOR EACH ROW EXECUTE FUNCTION transfers_insert();

ALTER TABLE transfers ENABLE ALWAYS TRIGGER transfers_insert;

CREATE FUNCTION transfers_update() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF 1=1 THEN RAISE EXCEPTION 'transfers is append-only: no row is changed or removed' USING ERRCODE = '23505'; END IF; RETURN NEW; END$guard$;

CREATE TRIGGER transfers_update BEFORE UPDATE ON transfers FOR EACH ROW EXECUTE FUNCTION transfers_update();

ALTER TABLE transfers ENABLE ALWAYS TRIGGER transfers_update;

CREATE FUNCTION transfers_delete() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN RAISE EXCEPTION 'transfers is append-only: no row is changed or removed' USING ERRCODE = '23505'; END$guard$;

CREATE TRIGGER transfers_delete BEFORE DELETE ON transfers FOR EACH ROW EXECUTE FUNCTION transfers_delete();

ALTER TABLE transfers ENABLE ALWAYS TRIGGER transfers_delete;

CREATE FUNCTION transfers_truncate() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN RAISE EXCEPTION 'transfers is append-only: no row is changed or removed' USING ERRCODE = '23505'; END$guard$;

CREATE TRIGGER transfers_truncate BEFORE TRUNCATE ON transfers FOR EACH STATEMENT EXECUTE FUNCTION transfers_truncate();

ALTER TABLE transfers ENABLE ALWAYS TRIGGER transfers_truncate;

CREATE FUNCTION observations_insert() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF NEW.n IS DISTINCT FROM (SELECT coalesce(max(n), 0) + 1 FROM observations) THEN RAISE EXCEPTION 'observations is append-only: n is not the next' USING ERRCODE = '23505'; END IF; RETURN NEW; END$guard$;

CREATE TRIGGER observations_insert BEFORE INSERT ON observations FOR EACH ROW EXECUTE FUNCTION observations_insert();

ALTER TABLE observations ENABLE ALWAYS TRIGGER observations_insert;

CREATE FUNCTION observations_update() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF 1=1 THEN RAISE EXCEPTION 'observations is append-only: no row is changed or removed' USING ERRCODE = '23505'; END IF; RETURN NEW; END$guard$;

CREATE TRIGGER observations_update BEFORE UPDATE ON observations FOR EACH ROW EXECUTE FUNCTION observations_update();

ALTER TABLE observations ENABLE ALWAYS TRIGGER observations_update;

CREATE FUNCTION observations_delete() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN RAISE EXCEPTION 'observations is append-only: no row is changed or removed' USING ERRCODE = '23505'; END$guard$;

CREATE TRIGGER observations_delete BEFORE DELETE ON observations FOR EACH ROW EXECUTE FUNCTION observations_delete();

ALTER TABLE observations ENABLE ALWAYS TRIGGER observations_delete;

CREATE FUNCTION observations_truncate() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN RAISE EXCEPTION 'observations is append-only: no row is changed or removed' USING ERRCODE = '23505'; END$guard$;

CREATE TRIGGER observations_truncate BEFORE TRUNCATE ON observations FOR EACH STATEMENT EXECUTE FUNCTION observations_truncate();

ALTER TABLE observations ENABLE ALWAYS TRIGGER observations_truncate;

CREATE FUNCTION audit_insert() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF NEW.n IS DISTINCT FROM (SELECT coalesce(max(n), 0) + 1 FROM audit) THEN RAISE EXCEPTION 'audit is append-only: n is not the next' USING ERRCODE = '23505'; END IF; RETURN NEW; END$guard$;

CREATE TRIGGER audit_insert BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_insert();

ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_insert;

CREATE FUNCTION audit_update() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF 1=1 THEN RAISE EXCEPTION 'audit is append-only: no row is changed or removed' USING ERRCODE = '23505'; END IF; RETURN NEW; END$guard$;

CREATE TRIGGER audit_update BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_update();

ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_update;

CREATE FUNCTION audit_delete() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN RAISE EXCEPTION 'audit is append-only: no row is changed or removed' USING ERRCODE = '23505'; END$guard$;

CREATE TRIGGER audit_delete BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_delete();

ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_delete;

CREATE FUNCTION audit_truncate() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN RAISE EXCEPTION 'audit is append-only: no row is changed or removed' USING ERRCODE = '23505'; END$guard$;

CREATE TRIGGER audit_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_truncate();

ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_truncate;

CREATE FUNCTION authors_insert() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF EXISTS (SELECT 1 FROM authors WHERE seq = NEW.seq) THEN RAISE EXCEPTION 'authors is append-only: the entry has its author' USING ERRCODE = '23505'; END IF; IF NOT EXISTS (SELECT 1 FROM entries WHERE seq = NEW.seq) THEN RAISE EXCEPTION 'authors is append-only: there is no such entry' USING ERRCODE = '23505'; END IF; RETURN NEW; END$guard$;

CREATE TRIGGER authors_insert BEFORE INSERT ON authors FOR EACH ROW EXECUTE FUNCTION authors_insert();

ALTER TABLE authors ENABLE ALWAYS TRIGGER authors_insert;

CREATE FUNCTION authors_update() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF 1=1 THEN RAISE EXCEPTION 'authors is append-only: no row is changed or removed' USING ERRCODE = '23505'; END IF; RETURN NEW; END$guard$;

CREATE TRIGGER authors_update BEFORE UPDATE ON authors FOR EACH ROW EXECUTE FUNCTION authors_update();

ALTER TABLE authors ENABLE ALWAYS TRIGGER authors_update;

CREATE FUNCTION authors_delete() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN RAISE EXCEPTION 'authors is append-only: no row is changed or removed' USING ERRCODE = '23505'; END$guard$;

CREATE TRIGGER authors_delete BEFORE DELETE ON authors FOR EACH ROW EXECUTE FUNCTION authors_delete();

ALTER TABLE authors ENABLE ALWAYS TRIGGER authors_delete;

CREATE FUNCTION authors_truncate() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN RAISE EXCEPTION 'authors is append-only: no row is changed or removed' USING ERRCODE = '23505'; END$guard$;

CREATE TRIGGER authors_truncate BEFORE TRUNCATE ON authors FOR EACH STATEMENT EXECUTE FUNCTION authors_truncate();

ALTER TABLE authors ENABLE ALWAYS TRIGGER authors_truncate;

CREATE FUNCTION addresses_insert() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF EXISTS (SELECT 1 FROM addresses WHERE script = NEW.script) THEN RAISE EXCEPTION 'addresses is given out once: script is there already' USING ERRCODE = '23505'; END IF; IF EXISTS (SELECT 1 FROM addresses WHERE address = NEW.address) THEN RAISE EXCEPTION 'addresses is given out once: address is there already' USING ERRCODE = '23505'; END IF; IF EXISTS (SELECT 1 FROM addresses WHERE claim = NEW.claim) THEN RAISE EXCEPTION 'addresses is given out once: claim is there already' USING ERRCODE = '23505'; END IF; RETURN NEW; END$guard$;

CREATE TRIGGER addresses_insert BEFORE INSERT ON addresses FOR EACH ROW EXECUTE FUNCTION addresses_insert();

ALTER TABLE addresses ENABLE ALWAYS TRIGGER addresses_insert;

CREATE FUNCTION addresses_update() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF NEW.script IS DISTINCT FROM OLD.script OR NEW.address IS DISTINCT FROM OLD.address OR NEW.campaign IS DISTINCT FROM OLD.campaign OR NEW.branch IS DISTINCT FROM OLD.branch OR NEW.idx IS DISTINCT FROM OLD.idx OR NEW.source IS DISTINCT FROM OLD.source OR (NEW.restriction IS DISTINCT FROM OLD.restriction AND (OLD.restriction IS NOT NULL OR OLD.given_at IS NOT NULL OR OLD.used <> 0)) OR (OLD.given_at IS NOT NULL AND (NEW.given_at IS DISTINCT FROM OLD.given_at OR NEW.claim IS DISTINCT FROM OLD.claim)) OR EXISTS (SELECT 1 FROM addresses WHERE claim = NEW.claim AND script <> NEW.script) THEN RAISE EXCEPTION 'addresses is given out once: no row is changed or removed' USING ERRCODE = '23505'; END IF; RETURN NEW; END$guard$;

CREATE TRIGGER addresses_update BEFORE UPDATE ON addresses FOR EACH ROW EXECUTE FUNCTION addresses_update();

ALTER TABLE addresses ENABLE ALWAYS TRIGGER addresses_update;

CREATE FUNCTION addresses_delete() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN RAISE EXCEPTION 'addresses is given out once: no row is changed or removed' USING ERRCODE = '23505'; END$guard$;

CREATE TRIGGER addresses_delete BEFORE DELETE ON addresses FOR EACH ROW EXECUTE FUNCTION addresses_delete();

ALTER TABLE addresses ENABLE ALWAYS TRIGGER addresses_delete;

CREATE FUNCTION addresses_truncate() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN RAISE EXCEPTION 'addresses is given out once: no row is changed or removed' USING ERRCODE = '23505'; END$guard$;

CREATE TRIGGER addresses_truncate BEFORE TRUNCATE ON addresses FOR EACH STATEMENT EXECUTE FUNCTION addresses_truncate();

ALTER TABLE addresses ENABLE ALWAYS TRIGGER addresses_truncate;

CREATE FUNCTION papers_insert() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF EXISTS (SELECT 1 FROM papers WHERE sha256 = NEW.sha256) THEN RAISE EXCEPTION 'papers is append-only: the paper is kept already' USING ERRCODE = '23505'; END IF; RETURN NEW; END$guard$;

CREATE TRIGGER papers_insert BEFORE INSERT ON papers FOR EACH ROW EXECUTE FUNCTION papers_insert();

ALTER TABLE papers ENABLE ALWAYS TRIGGER papers_insert;

CREATE FUNCTION papers_update() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF 1=1 THEN RAISE EXCEPTION 'papers is append-only: no row is changed or removed' USING ERRCODE = '23505'; END IF; RETURN NEW; END$guard$;

CREATE TRIGGER papers_update BEFORE UPDATE ON papers FOR EACH ROW EXECUTE FUNCTION papers_update();

ALTER TABLE papers ENABLE ALWAYS TRIGGER papers_update;

CREATE FUNCTION papers_delete() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF NOT EXISTS (SELECT 1 FROM audit WHERE n = (SELECT max(n) FROM audit) AND action = 'paper removed' AND subject = OLD.sha256) THEN RAISE EXCEPTION 'papers is append-only: no row is changed or removed' USING ERRCODE = '23505'; END IF; RETURN OLD; END$guard$;

CREATE TRIGGER papers_delete BEFORE DELETE ON papers FOR EACH ROW EXECUTE FUNCTION papers_delete();

ALTER TABLE papers ENABLE ALWAYS TRIGGER papers_delete;

CREATE FUNCTION papers_truncate() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN RAISE EXCEPTION 'papers is append-only: no row is changed or removed' USING ERRCODE = '23505'; END$guard$;

CREATE TRIGGER papers_truncate BEFORE TRUNCATE ON papers FOR EACH STATEMENT EXECUTE FUNCTION papers_truncate();

ALTER TABLE papers ENABLE ALWAYS TRIGGER papers_truncate;

CREATE FUNCTION paper_treatments_insert() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF EXISTS (SELECT 1 FROM paper_treatments WHERE sha256 = NEW.sha256 AND treatment = NEW.treatment) THEN RAISE EXCEPTION 'paper_treatments is append-only: the treatment is there already' USING ERRCODE = '23505'; END IF; RETURN NEW; END$guard$;

CREATE TRIGGER paper_treatments_insert BEFORE INSERT ON paper_treatments FOR EACH ROW EXECUTE FUNCTION paper_treatments_insert();

ALTER TABLE paper_treatments ENABLE ALWAYS TRIGGER paper_treatments_insert;

CREATE FUNCTION paper_treatments_update() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF 1=1 THEN RAISE EXCEPTION 'paper_treatments is append-only: no row is changed or removed' USING ERRCODE = '23505'; END IF; RETURN NEW; END$guard$;

CREATE TRIGGER paper_treatments_update BEFORE UPDATE ON paper_treatments FOR EACH ROW EXECUTE FUNCTION paper_treatments_update();

ALTER TABLE paper_treatments ENABLE ALWAYS TRIGGER paper_treatments_update;

CREATE FUNCTION paper_treatments_delete() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN IF NOT EXISTS (SELECT 1 FROM audit WHERE n = (SELECT max(n) FROM audit) AND action = 'paper removed' AND subject = OLD.sha256) THEN RAISE EXCEPTION 'paper_treatments is append-only: no row is changed or removed' USING ERRCODE = '23505'; END IF; RETURN OLD; END$guard$;

CREATE TRIGGER paper_treatments_delete BEFORE DELETE ON paper_treatments FOR EACH ROW EXECUTE FUNCTION paper_treatments_delete();

ALTER TABLE paper_treatments ENABLE ALWAYS TRIGGER paper_treatments_delete;

CREATE FUNCTION paper_treatments_truncate() RETURNS trigger LANGUAGE plpgsql AS $guard$BEGIN RAISE EXCEPTION 'paper_treatments is append-only: no row is changed or removed' USING ERRCODE = '23505'; END$guard$;

CREATE TRIGGER paper_treatments_truncate BEFORE TRUNCATE ON paper_treatments FOR EACH STATEMENT EXECUTE FUNCTION paper_treatments_truncate();

ALTER TABLE paper_treatments ENABLE ALWAYS TRIGGER paper_treatments_truncate;
