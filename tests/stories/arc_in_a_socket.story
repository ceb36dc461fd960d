# A loose plug arcs: fourteen half-cycles in a second are an alarm at once, nine never are (GB 50166-2019 4.8.6)
start 20:15
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
203房 arcs every 10s: 0 x 30, 9 x 30, 16 x 3, 0 x 60
expect none before 9m55s  case opened
expect at 10m             case opened, arc, alarm
expect by 10m5s           notice sms to Ailin, "203房", "打火"
expect by 11m             notice voice to Bolat
